/** How long it takes to get a storage, measured in a new process each time. */
import type { StartupFigures } from '../results.ts'
import { SMALL } from '../sessions.ts'
import { FIRST_ID, turns, Samples, startWorker, WORKER_START, type Bench } from './bench.ts'

export function startupTime({ plan, names }: Pick<Bench, 'plan' | 'names'>): number {
  return WORKER_START * names.length * plan.startups
}

export async function measureStartup(bench: Bench): Promise<Record<string, StartupFigures>> {
  let { plan, names, redis, step } = bench
  let samples = new Samples<keyof StartupFigures>()
  await redis.fill(SMALL)
  for (let round = 0; round < plan.startups; round++) {
    for (let name of turns(names, round)) {
      step(`start-up ${round + 1} of ${plan.startups}, ${name}`, WORKER_START)
      let worker = startWorker(bench, name)
      let startup = await worker.call.open(FIRST_ID)
      samples.add(name, { ...startup, importAndCreate: startup.import + startup.create })
      await worker.stop()
    }
  }
  return samples.all(names)
}
