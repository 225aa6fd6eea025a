/** The CPU time of storages with little to do. */
import type { IdleFigures } from '../results.ts'
import { SMALL } from '../sessions.ts'
import {
  FIRST_ID,
  namesIn,
  turns,
  Samples,
  startWorker,
  WORKER_START,
  type Bench,
} from './bench.ts'

/** The requests before, and the pauses between. */
const AROUND = WORKER_START + 900

export function idleTime({ plan, names }: Pick<Bench, 'plan' | 'names'>): number {
  let { rounds, idleMs, busyMs } = plan.idle
  return (AROUND + idleMs + busyMs) * rounds * namesIn(names, plan.idle).length
}

export async function measureIdle(bench: Bench): Promise<Record<string, IdleFigures>> {
  let { plan, redis, step } = bench
  let { rounds, idleMs, busyMs } = plan.idle
  let names = namesIn(bench.names, plan.idle)
  let samples = new Samples<keyof IdleFigures>()
  await redis.fill(SMALL)
  for (let round = 0; round < rounds; round++) {
    for (let name of turns(names, round)) {
      step(`idle and at 100 requests/s, ${name}`, AROUND + idleMs + busyMs)
      let worker = startWorker(bench, name)
      await worker.call.open(FIRST_ID)
      samples.add(name, await worker.call.idle(idleMs, busyMs))
      await worker.stop()
    }
  }
  return samples.all(names)
}
