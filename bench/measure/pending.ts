/** The memory that requests in flight take. */
import { PAUSE, type PendingKind } from '../jobs/pending.ts'
import type { PendingFigures } from '../results.ts'
import { SMALL } from '../sessions.ts'
import { FIRST_ID, namesIn, Samples, startWorker, WORKER_START, type Bench } from './bench.ts'

const KINDS: PendingKind[] = ['reads', 'saves']
const STEP = WORKER_START + PAUSE + 300

export function pendingTime({ plan, names }: Pick<Bench, 'plan' | 'names'>): number {
  return STEP * KINDS.length * namesIn(names, plan.pending).length * plan.pending.rounds
}

export async function measurePending(bench: Bench): Promise<Record<string, PendingFigures>> {
  let { plan, redis, step } = bench
  let names = namesIn(bench.names, plan.pending)
  let samples = new Samples<keyof PendingFigures>()
  await redis.fill(SMALL)
  for (let round = 0; round < plan.pending.rounds; round++) {
    for (let name of names) {
      let sample = { reads: 0, saves: 0 }
      for (let kind of KINDS) {
        step(`memory of ${kind} in flight, ${name}`, STEP)
        let worker = startWorker(bench, name)
        await worker.call.open(FIRST_ID)
        await worker.call.preparePending()
        await redis.pause(PAUSE)
        sample[kind] = await worker.call.pending(kind)
        await worker.stop()
      }
      samples.add(name, sample)
    }
  }
  return samples.all(names)
}
