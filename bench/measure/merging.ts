/**
 * What it costs to merge rather than to overwrite, on a server that compares by itself and on one that
 * needs a script for it: both forms of ours, in turns.
 */
import { MERGING } from '../contenders/index.ts'
import type { MergingResult } from '../results.ts'
import type { RedisControl } from '../redis-control.ts'
import type { Bench } from './bench.ts'
import { cellsTime, measureCells } from './cells.ts'

export function mergingTime(
  { plan, names }: Pick<Bench, 'plan' | 'names'>,
  servers: unknown[],
): number {
  return servers.length * cellsTime({ plan: plan.merging, names: pairedIn(names) })
}

export async function measureMerging(
  bench: Bench,
  servers: RedisControl[],
): Promise<MergingResult[]> {
  let plan = bench.plan.merging
  let names = pairedIn(bench.names)
  if (names.length === 0) return []

  let results: MergingResult[] = []
  for (let redis of servers) {
    let server = redis.version
    let step: Bench['step'] = (what, ms) => bench.step(`merging on ${server}, ${what}`, ms)
    let cells = await measureCells({ ...bench, plan, redis, names, step })
    results.push({ server, rounds: plan.rounds, cells })
  }
  return results
}

/** Of the contenders that were chosen, those whose counterpart was, too. */
function pairedIn(names: string[]): string[] {
  return Object.entries(MERGING)
    .filter((pair) => pair.every((name) => names.includes(name)))
    .flat()
}
