/** Ours over a client of the app, against the original over the same client: what passing it costs. */
import { ORIGINALS } from '../contenders/index.ts'
import type { CellFigures, CellResult, Results } from '../results.ts'
import { pick, ratioOf } from './comparison.ts'
import type { Comparison } from './section.ts'
import type { Target } from './target.ts'
import { loadTitle, ratio } from './text.ts'

const LIMITS = [
  { name: 'requestsPerSecond', title: 'requests/s', wants: 'higher', limit: 1 },
  { name: 'eventLoop', title: 'event loop', wants: 'lower', limit: 0.95 },
] as const

type FigureName = (typeof LIMITS)[number]['name']

interface Pair {
  ours: string
  /** The original over the same client. */
  original: string
}

export function clientComparisons(results: Results): Comparison[] {
  return pairsIn(results).map(({ ours, original }) => ({
    head: `${results.contenders[ours]!.name} / original`,
    name: ours,
    rivals: [original],
  }))
}

export function* clientTargets(results: Results): Generator<Target> {
  for (let cell of clientCells(results)) {
    for (let pair of pairsIn(results)) {
      for (let { name, title, wants, limit } of LIMITS) {
        yield {
          title: `${results.contenders[pair.ours]!.name}: ${loadTitle(cell)}: ${title}`,
          figure: ratioIn(cell, pair, name),
          than: pair.original,
          wants,
          limit,
          format: ratio,
        }
      }
    }
  }
}

/** Returns, for each client, how one figure of ours compares with that of the original, by requests in flight. */
export function clientRatios(results: Results, name: FigureName) {
  return clientCells(results).flatMap((cell) =>
    pairsIn(results).map((pair) => ({
      inFlight: cell.inFlight,
      client: results.contenders[pair.original]!.name,
      ratio: ratioIn(cell, pair, name),
    })),
  )
}

function pairsIn({ contenders }: Results): Pair[] {
  return Object.entries(ORIGINALS)
    .map(([ours, original]) => ({ ours, original }))
    .filter(({ ours, original }) => ours in contenders && original in contenders)
}

function clientCells({ cells }: Results): CellResult[] {
  return cells.filter(
    ({ work, shape, size }) => work === 'change' && shape === 'cart' && size === 300,
  )
}

function ratioIn({ figures }: CellResult, { ours, original }: Pair, name: FigureName) {
  let all = pick(figures as Record<string, Pick<CellFigures, FigureName>>, name)
  return ratioOf(all[ours]!, all[original]!)
}
