/** Watches how long the turns of an event loop take that are not the kernel's doing. */
import { openSync, readSync } from 'node:fs'

export interface Turn {
  /** When it was over, by `performance.now()`. */
  end: number
  /** Milliseconds since the turn before. */
  wall: number
  /** Those of them in which this thread could have run, and another process had the core. */
  stolen: number
}

/** Notes the turns of the event loop of this process's main thread, one a millisecond. */
export function watchTurns() {
  let turns: Turn[] = []
  let stolenBy = startStolen()
  let last = performance.now()
  let lastStolen = stolenBy(0)
  let timer = setInterval(() => {
    let end = performance.now()
    let wall = end - last
    let stolen = stolenBy(wall)
    turns.push({ end, wall, stolen: stolen - lastStolen })
    last = end
    lastStolen = stolen
  }, 1)
  return {
    /** Returns the turns since it was called last. */
    take: () => turns.splice(0),
    stop: () => clearInterval(timer),
  }
}

/** How long a thread was ready to run and did not, in milliseconds: the second number of its `schedstat`. */
function startStolen(): (wall: number) => number {
  if (process.platform !== 'linux') return stolenByProcessorTime()
  let file = openSync('/proc/self/schedstat', 'r')
  let buffer = Buffer.alloc(100)
  return () => {
    let length = readSync(file, buffer, 0, buffer.length, 0)
    let [, delay] = buffer.toString('latin1', 0, length).split(' ')
    return Number(delay) / 1e6
  }
}

/** Where the kernel does not tell: whatever is not processor time of the thread. */
function stolenByProcessorTime(): (wall: number) => number {
  let stolen = 0
  let last = process.threadCpuUsage()
  return (wall) => {
    let { user, system } = process.threadCpuUsage(last)
    last = process.threadCpuUsage()
    return (stolen += Math.max(0, wall - (user + system) / 1000))
  }
}
