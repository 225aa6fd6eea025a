/** What all measurements share: servers, the contenders, and processes to measure them in. */
import { OVERWRITING } from '../contenders/index.ts'
import type { Plan } from '../plan.ts'
import type { RedisControl } from '../redis-control.ts'
import { BEFORE } from '../report/comparison.ts'
import { start, type RemoteProcess } from '../rpc.ts'
import { figureOf, type Figure } from '../statistics.ts'
import { sessionIds, SMALL } from '../sessions.ts'
import type { WorkerMethods } from '../worker.ts'

export interface Bench {
  plan: Plan
  /** The server that is used. */
  redis: RedisControl
  /** The keys of the contenders that were chosen. */
  names: string[]
  /** The other checkout of this package that is compared, if there is one. */
  before: string | undefined
  /** Says what comes next, and roughly how many milliseconds it takes. */
  step(what: string, ms: number): void
}

export type Worker = RemoteProcess<WorkerMethods>

export const WORKER_START = 500

/** An id that exists whatever Redis was filled with. */
export const FIRST_ID = sessionIds(SMALL)[0]!

/** What it takes to start processes. */
type Setting = Pick<Bench, 'redis' | 'before'>

export function startWorker({ redis, before }: Setting, name: string): Worker {
  let args = [name, redis.ports.join(','), ...(before === undefined ? [] : [before])]
  return start<WorkerMethods>(new URL('../worker.ts', import.meta.url), args)
}

/** Starts and connects a process for each contender. */
export async function startWorkers(
  setting: Setting,
  names: string[],
): Promise<Map<string, Worker>> {
  let workers = new Map<string, Worker>()
  for (let name of names) {
    let worker = startWorker(setting, name)
    workers.set(name, worker)
    await worker.call.open(FIRST_ID)
  }
  return workers
}

/** The contenders that take part in a measurement; another version of ours does in each. */
export function namesIn(
  names: string[],
  { contenders = OVERWRITING }: { contenders?: string[] },
): string[] {
  return names.filter((name) => name === BEFORE || contenders.includes(name))
}

/**
 * The order in which contenders take turns. An odd round has that of the even one before it backwards,
 * so that in the two each contender is before each other one as often as behind it. Then another one is
 * first.
 *
 * @param shift Another number is another order, for what is measured within the same round
 */
export function turns(names: string[], round: number, shift = 0): string[] {
  let first = (Math.floor(round / 2) + shift) % names.length
  let order = [...names.slice(first), ...names.slice(0, first)]
  return round % 2 === 0 ? order : order.toReversed()
}

/** The samples of several rounds, by contender and figure. */
export class Samples<figure extends string> {
  readonly #samples: Record<string, Record<string, number[]>> = {}

  add(name: string, sample: Record<figure, number>): void {
    let samples = (this.#samples[name] ??= {})
    for (let [figure, value] of Object.entries<number>(sample)) {
      ;(samples[figure] ??= []).push(value)
    }
  }

  figures(name: string): Record<figure, Figure> {
    let samples = Object.entries(this.#samples[name] ?? {})
    return Object.fromEntries(
      samples.map(([figure, values]) => [figure, figureOf(values)]),
    ) as Record<figure, Figure>
  }

  /** What there is of these contenders, in their order. */
  all(names: string[]): Record<string, Record<figure, Figure>> {
    return Object.fromEntries(names.map((name) => [name, this.figures(name)]))
  }
}
