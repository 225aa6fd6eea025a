/** What this process uses. */
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Usage {
  /** Linux tells how many there are. */
  threads: number
  descriptors: number
  /** Bytes after a garbage collection, as the next one. */
  heap: number
  /** What belongs to objects and is outside of JavaScript's heap. */
  buffers: number
  resident: number
}

/** Collects what is garbage before: `--expose-gc`. */
export async function usage(): Promise<Usage> {
  // Some of it is found out to be garbage by finalizers.
  for (let round = 0; round < 5; round++) {
    globalThis.gc!()
    await sleep(20)
  }
  let { rss, heapUsed, external } = process.memoryUsage()
  return {
    threads: process.platform === 'linux' ? readdirSync('/proc/self/task').length : 0,
    descriptors: readdirSync('/dev/fd').length,
    heap: heapUsed,
    buffers: external,
    resident: rss,
  }
}
