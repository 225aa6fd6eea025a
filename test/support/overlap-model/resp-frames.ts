/** Cuts what goes over a connection to Redis into its commands and replies, without understanding them. */

const CR_LF = Buffer.from('\r\n')

/** The first bytes of what has a length and then so many bytes, and of what has a count of members. */
const BULKS = '$=!'
const MEMBERS: Record<string, number> = { '*': 1, '~': 1, '>': 1, '%': 2 }

export class Frames {
  #rest: Buffer = Buffer.alloc(0)

  /** Takes what has arrived, and returns the frames that are complete by now. */
  take(data: Buffer): Buffer[] {
    this.#rest = Buffer.concat([this.#rest, data])
    let frames: Buffer[] = []
    for (;;) {
      let end = endOfFrame(this.#rest, 0)
      if (end === undefined) return frames
      frames.push(this.#rest.subarray(0, end))
      this.#rest = this.#rest.subarray(end)
    }
  }
}

/** Returns the words of a command. */
export function wordsOf(command: Buffer): string[] {
  let words: string[] = []
  let at = command.indexOf(CR_LF) + 2
  while (at < command.length) {
    let start = command.indexOf(CR_LF, at) + 2
    let end = start + Number(command.toString('latin1', at + 1, start - 2))
    words.push(command.toString('utf8', start, end))
    at = end + 2
  }
  return words
}

/** Returns where the frame ends that starts at `start`; `undefined` if it is not complete. */
function endOfFrame(data: Buffer, start: number): number | undefined {
  let lineEnd = data.indexOf(CR_LF, start)
  if (lineEnd === -1) return undefined

  let kind = String.fromCharCode(data[start]!)
  let count = Number(data.toString('latin1', start + 1, lineEnd))
  let end: number | undefined = lineEnd + 2
  if (BULKS.includes(kind)) {
    if (count >= 0) end += count + 2
    return end <= data.length ? end : undefined
  }
  let members = (MEMBERS[kind] ?? 0) * Math.max(0, count)
  for (let each = 0; each < members && end !== undefined; each++) end = endOfFrame(data, end)
  return end
}
