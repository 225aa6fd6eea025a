/** Requests one after the other on each of several tracks, as fast as the storage answers. */
import type { OpenStorage, Storage } from '../contenders/contender.ts'
import { sessionIds, sessionText, type Form } from '../sessions.ts'
import { percentiles, type Percentiles } from '../statistics.ts'
import { watchGarbage } from './garbage.ts'
import { works, type Work } from './works.ts'

export interface Load extends Form {
  work: Work
  inFlight: number
}

export interface Measured {
  requests: number
  /** Milliseconds. */
  elapsed: number
  /** CPU time of the main thread, microseconds. */
  threadCpu: number
  /** CPU time of the process with all its threads, microseconds. */
  processCpu: number
  /** Microseconds for which collecting garbage stopped the main thread. */
  gc: number
  /** Microseconds that a request takes. */
  latency: Percentiles
}

interface Track {
  ids: string[]
}

/** Latencies of one measurement: more than any contender can do. */
const latencies = new Float64Array(1 << 20)

export function createRequests({ storage, fill, textOf }: OpenStorage) {
  let tracks: Track[] = []
  let load: Load

  return {
    /** Runs requests that do not count, so that everything lazy is done, and everything compiled. */
    async prepare(next: Load, warmUp: number): Promise<void> {
      load = next
      let ids = sessionIds(load)
      fill?.(ids, sessionText(load))
      tracks = Array.from({ length: load.inFlight }, (_, track) => ({
        ids: ids.filter((_, index) => index % load.inFlight === track),
      }))
      await runAll({ end: performance.now() + 2000, limit: warmUp, count: 0 })
      // Collecting the garbage of the preparation is nobody's cost.
      globalThis.gc?.()
    },

    /** Returns the bytes of a session, or `undefined` for one that is in Redis. */
    storedSize(id: string): number | undefined {
      if (textOf) return Buffer.byteLength(textOf(id) ?? '')
    },

    async measure(ms: number): Promise<Measured> {
      let garbage = watchGarbage()
      let thread = process.threadCpuUsage()
      let whole = process.cpuUsage()
      let start = performance.now()
      let run = { end: start + ms, limit: latencies.length, count: 0 }
      await runAll(run)
      let end = performance.now()
      let threadCpu = total(process.threadCpuUsage(thread))
      let processCpu = total(process.cpuUsage(whole))
      return {
        requests: run.count,
        elapsed: end - start,
        threadCpu,
        processCpu,
        gc: (await garbage.stop(end)) * 1000,
        latency: percentiles(latencies.subarray(0, run.count)),
      }
    },
  }

  async function runAll(run: Run): Promise<void> {
    await Promise.all(tracks.map((track) => runTrack(storage, load.work, track, run)))
  }
}

interface Run {
  /** When to start no more requests. */
  end: number
  /** How many requests to make at most. */
  limit: number
  count: number
}

async function runTrack(storage: Storage, work: Work, { ids }: Track, run: Run): Promise<void> {
  let { isChange, run: doWork } = works[work]
  let next = 0
  let started = performance.now()
  while (started < run.end && run.count < run.limit) {
    let id = ids[next]!
    next = next + 1 === ids.length ? 0 : next + 1

    let session = await storage.read(id)
    // With a session that was not found, the rest of the work would not be the same.
    if (session.id !== id) throw new Error(`The session ${id} is not in the storage`)
    doWork(session)
    let cookie = await storage.save(session)
    if ((cookie !== null) !== isChange) throw new Error(`Session ${id}: saved wrongly`)

    let ended = performance.now()
    if (run.count < latencies.length) latencies[run.count++] = (ended - started) * 1000
    started = ended
  }
}

export function total({ user, system }: NodeJS.CpuUsage): number {
  return user + system
}
