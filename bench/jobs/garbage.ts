/**
 * How long collecting garbage stops the main thread, as V8 reports it. What its other threads do
 * meanwhile stops nobody, and is not in it.
 */
import { PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'

export interface GarbageWatch {
  /** Resolves to the milliseconds of all collections from the start of the watch until `end`. */
  stop(end: number): Promise<number>
}

export function watchGarbage(): GarbageWatch {
  let start = performance.now()
  let collections: PerformanceEntry[] = []
  let observer = new PerformanceObserver((list) => void collections.push(...list.getEntries()))
  observer.observe({ entryTypes: ['gc'] })

  return {
    async stop(end) {
      if (!globalThis.gc) throw new Error('Node has to run with --expose-gc')
      // Entries come late, but in order: once that of this collection is there, all before are, too.
      globalThis.gc()
      while (!collections.some(({ startTime }) => startTime >= end)) await turn()
      observer.disconnect()
      return collections
        .filter(({ startTime }) => startTime >= start && startTime < end)
        .reduce((sum, { duration }) => sum + duration, 0)
    },
  }
}
