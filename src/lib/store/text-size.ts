/** How many bytes the text of a session has. */

/** Returns the size of a text in bytes of UTF-8 if it is over `maxBytes`, or else `undefined`. */
export function sizeOver(maxBytes: number, text: string): number | undefined {
  // A UTF-16 code unit is at most three bytes of UTF-8, so that small texts need no counting.
  if (text.length * 3 <= maxBytes) return undefined
  let bytes = Buffer.byteLength(text)
  return bytes > maxBytes ? bytes : undefined
}
