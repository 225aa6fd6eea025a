/** Watches how long the turns of an event loop take, and how much of that it works. */

export interface Turn {
  /** When it was over, by `performance.now()`. */
  end: number
  /** Milliseconds since the turn before. */
  wall: number
  /** Milliseconds of processor time that the main thread has taken. The rest of a long turn it has waited for a processor. */
  work: number
}

/** Notes the turns of the event loop of this process's main thread, one a millisecond. */
export function watchTurns() {
  let turns: Turn[] = []
  let last = performance.now()
  let lastUsage = process.threadCpuUsage()
  setInterval(() => {
    let end = performance.now()
    let { user, system } = process.threadCpuUsage(lastUsage)
    turns.push({ end, wall: end - last, work: (user + system) / 1000 })
    last = end
    lastUsage = process.threadCpuUsage()
  }, 1)
  return {
    /** Returns the turns since it was called last. */
    take: () => turns.splice(0),
  }
}
