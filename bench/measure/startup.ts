/** How long it takes to get a storage, measured in a new process each time. */
import type { StartupFigures } from '../results.ts'
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

export function startupTime({ plan, names }: Pick<Bench, 'plan' | 'names'>): number {
  return WORKER_START * namesIn(names, plan.startups).length * plan.startups.rounds
}

export async function measureStartup(bench: Bench): Promise<Record<string, StartupFigures>> {
  let { plan, redis, step } = bench
  let { rounds } = plan.startups
  let names = namesIn(bench.names, plan.startups)
  let samples = new Samples<keyof StartupFigures>()
  await redis.fill(SMALL)
  for (let round = 0; round < rounds; round++) {
    for (let name of turns(names, round)) {
      step(`start-up ${round + 1} of ${rounds}, ${name}`, WORKER_START)
      let worker = startWorker(bench, name)
      let startup = await worker.call.open(FIRST_ID)
      samples.add(name, { ...startup, importAndCreate: startup.import + startup.create })
      await worker.stop()
    }
  }
  return samples.all(names)
}
