/** The text of a session on its way to Redis, in pieces: joining them would copy them once more. */
export type TextPieces = readonly string[]

/** Returns the length of a text in UTF-16 code units. */
export function lengthOf(pieces: TextPieces): number {
  let length = 0
  for (let piece of pieces) length += piece.length
  return length
}

/** Returns the end of a text that is not longer than its last piece. */
export function tailOf(pieces: TextPieces, length: number): string {
  return pieces.at(-1)!.slice(-length)
}

/** Returns the size of a text in bytes of UTF-8 if it is over `maxBytes`, or else `undefined`. */
export function sizeOver(maxBytes: number, pieces: TextPieces): number | undefined {
  // A UTF-16 code unit is at most three bytes of UTF-8, so that small texts need no counting.
  if (lengthOf(pieces) * 3 <= maxBytes) return undefined
  let bytes = 0
  for (let piece of pieces) bytes += Buffer.byteLength(piece)
  return bytes > maxBytes ? bytes : undefined
}

/** Whether two texts are the same, however they are cut. */
export function isSameText(one: TextPieces, other: TextPieces): boolean {
  return lengthOf(one) === lengthOf(other) && one.join('') === other.join('')
}
