/** One line that says where the benchmark is, and how long it will still take. */

export interface Progress {
  /** Says what comes next; `done` of `of` steps of the whole are behind it. */
  at(what: string, done: number, of: number): void
  end(): void
}

/** A log file gets a line now and then instead of one that changes. */
const EVERY = process.stderr.isTTY ? 200 : 15_000

export function createProgress(): Progress {
  let started = Date.now()
  let last = 0
  return {
    at(what, done, of) {
      let now = Date.now()
      if (now - last < EVERY) return
      last = now
      let left = done > 0 ? ((now - started) / done) * (of - done) : undefined
      let line = `${String(Math.round((done / of) * 100)).padStart(3)} %  ${what}${leftText(left)}`
      if (!process.stderr.isTTY) process.stderr.write(`${line}\n`)
      else process.stderr.write(`\r\x1b[2K${line.slice(0, (process.stderr.columns || 80) - 1)}`)
    },
    end() {
      if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K')
    },
  }
}

function leftText(ms: number | undefined): string {
  if (ms === undefined) return ''
  let seconds = Math.round(ms / 1000)
  return seconds < 90 ? `, ${seconds} s left` : `, ${Math.round(seconds / 60)} min left`
}
