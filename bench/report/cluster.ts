/** Sessions on a cluster: a table for each number in flight, and what a request should cost. */
import type { CellFigures, CellResult, Results } from '../results.ts'
import { bestOf, OURS, peersOf, pick, ratioOf } from './comparison.ts'
import type { Column, Comparison, Section } from './section.ts'
import type { Target } from './target.ts'
import { loadTitle, ratio } from './text.ts'

const LIMITS = [
  { name: 'requestsPerSecond', title: 'requests/s', wants: 'higher', limit: 2.5 },
  { name: 'eventLoop', title: 'event loop', wants: 'lower', limit: 0.35 },
] as const

/** How many requests are in flight where the limits hold. */
const IN_FLIGHT = 64

export function clusterSections(
  { cluster }: Results,
  columns: Column[],
  comparisons: Comparison[],
): Section[] {
  let { server, primaries, rounds, cells } = cluster
  let where = `Cluster of ${primaries} × ${server}, ${rounds} rounds`
  return cells.map((cell) => ({
    title: `${where}: ${loadTitle(cell)}`,
    figures: cell.figures,
    columns,
    comparisons,
  }))
}

export function* clusterTargets(results: Results): Generator<Target> {
  for (let cell of results.cluster.cells) {
    if (cell.inFlight === IN_FLIGHT) yield* targetsOf(results, cell)
  }
}

function* targetsOf(results: Results, cell: CellResult): Generator<Target> {
  let figures = cell.figures as Record<string, Pick<CellFigures, 'requestsPerSecond' | 'eventLoop'>>
  let ours = figures[OURS]
  for (let { name, title, wants, limit } of LIMITS) {
    let best = bestOf(pick(figures, name), peersOf(results), wants)
    if (!ours || !best) continue
    yield {
      title: `Cluster: ${loadTitle(cell)}: ${title}`,
      figure: ratioOf(ours[name], best.figure),
      than: best.name,
      wants,
      limit,
      format: ratio,
    }
  }
}
