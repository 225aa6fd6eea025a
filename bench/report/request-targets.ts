/** What a request should cost, against the best peer, no network at all, and another version of ours. */
import type { Work } from '../jobs/works.ts'
import type { CellFigures, CellResult, Results } from '../results.ts'
import type { Size } from '../sessions.ts'
import type { Figure } from '../statistics.ts'
import {
  BEFORE,
  bestOf,
  floorOf,
  OURS,
  peersOf,
  pick,
  ratioOf,
  type Best,
  type Better,
} from './comparison.ts'
import type { Target } from './target.ts'
import { loadTitle, ratio } from './text.ts'

type FigureName = keyof typeof FIGURES

/** The limits of a cell whose sessions are carts, as ratios. */
interface Limits {
  work: Work
  size: Size
  inFlight: number
  /** Against the best peer in each figure. */
  peers?: Partial<Record<FigureName, number>>
  /** The event loop, against the floor and against another version. */
  floor?: number
  before?: number
}

const FIGURES = {
  requestsPerSecond: 'requests/s',
  eventLoop: 'event loop',
  p50: 'p50',
  process: 'process CPU',
}

const LIMITS: Limits[] = [
  {
    ...{ work: 'change', size: 300, inFlight: 1 },
    peers: { requestsPerSecond: 1.6, eventLoop: 0.6, p50: 1, process: 1.3 },
  },
  {
    ...{ work: 'change', size: 300, inFlight: 4 },
    peers: { requestsPerSecond: 1, eventLoop: 0.4, p50: 1, process: 1.5 },
  },
  {
    ...{ work: 'change', size: 300, inFlight: 16 },
    peers: { requestsPerSecond: 1.6, eventLoop: 0.3, p50: 0.65, process: 0.8 },
  },
  {
    ...{ work: 'change', size: 300, inFlight: 64 },
    peers: { requestsPerSecond: 2.8, eventLoop: 0.28, p50: 0.5, process: 0.6 },
    floor: 0.9,
  },
  {
    ...{ work: 'change', size: 300, inFlight: 256 },
    peers: { requestsPerSecond: 3, eventLoop: 0.3, p50: 0.4, process: 0.5 },
    floor: 1,
  },
  {
    ...{ work: 'change', size: 4096, inFlight: 64 },
    peers: { requestsPerSecond: 3, eventLoop: 0.15, process: 0.5 },
    floor: 0.2,
  },
  {
    ...{ work: 'change', size: 65_536, inFlight: 64 },
    peers: { requestsPerSecond: 4, eventLoop: 0.08 },
    floor: 0.1,
  },
  { work: 'read', size: 300, inFlight: 64, peers: { requestsPerSecond: 2.5 } },
  { work: 'read', size: 300, inFlight: 256, peers: { requestsPerSecond: 2.5 } },
  { work: 'read', size: 4096, inFlight: 64, peers: { requestsPerSecond: 3, eventLoop: 0.2 } },
  { work: 'large', size: 4096, inFlight: 64, before: 1.05 },
  { work: 'large', size: 65_536, inFlight: 64, before: 1.05 },
]

export function* requestTargets(results: Results): Generator<Target> {
  for (let cell of results.cells) {
    for (let limits of LIMITS) if (isAbout(cell, limits)) yield* targetsOf(results, cell, limits)
  }
}

function isAbout(cell: CellResult, { work, size, inFlight }: Limits): boolean {
  let isSame = cell.work === work && cell.size === size && cell.inFlight === inFlight
  return isSame && cell.shape === 'cart'
}

function* targetsOf(results: Results, cell: CellResult, limits: Limits): Generator<Target> {
  let title = loadTitle(cell)
  let figures = cell.figures as Record<string, Pick<CellFigures, FigureName>>
  let ours = figures[OURS]
  if (!ours) return

  for (let [name, limit] of Object.entries(limits.peers ?? {}) as [FigureName, number][]) {
    let wants: Better = name === 'requestsPerSecond' ? 'higher' : 'lower'
    let best = bestOf(pick(figures, name), peersOf(results), wants)
    if (!best) continue
    yield { title: `${title}: ${FIGURES[name]}`, wants, ...against(ours[name], best), limit }
  }
  let floor = floorOf(results)
  let eventLoop = `${title}: event loop against`
  if (floor) yield* eventLoopTarget(`${eventLoop} the floor`, figures, floor, limits.floor)
  yield* eventLoopTarget(`${eventLoop} before`, figures, BEFORE, limits.before)
}

function* eventLoopTarget(
  title: string,
  figures: Record<string, Pick<CellFigures, 'eventLoop'>>,
  name: string,
  limit: number | undefined,
): Generator<Target> {
  let figure = figures[name]?.eventLoop
  if (!figure || limit === undefined) return
  let ours = figures[OURS]!.eventLoop
  yield { title, wants: 'lower', ...against(ours, { name, figure }), limit }
}

function against(figure: Figure, than: Best): Pick<Target, 'figure' | 'than' | 'format'> {
  return { figure: ratioOf(figure, than.figure), than: than.name, format: ratio }
}
