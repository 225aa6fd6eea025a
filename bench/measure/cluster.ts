/** Ours and the peers on a Redis Cluster, which shares the cores with them. */
import { clusterContenders } from '../contenders/cluster.ts'
import type { RedisControl } from '../redis-control.ts'
import type { ClusterResult } from '../results.ts'
import type { Bench } from './bench.ts'
import { cellsTime, measureCells } from './cells.ts'

export function clusterTime({ plan, names }: Pick<Bench, 'plan' | 'names'>): number {
  return cellsTime({ plan: plan.cluster, names: takingPart(names) })
}

export async function measureCluster(bench: Bench, redis: RedisControl): Promise<ClusterResult> {
  let plan = bench.plan.cluster
  let names = takingPart(bench.names)
  let step: Bench['step'] = (what, ms) => bench.step(`cluster, ${what}`, ms)
  let cells = names.length === 0 ? [] : await measureCells({ ...bench, plan, redis, names, step })
  return { server: redis.version, primaries: redis.ports.length, rounds: plan.rounds, cells }
}

function takingPart(names: string[]): string[] {
  return names.filter((name) => name in clusterContenders)
}
