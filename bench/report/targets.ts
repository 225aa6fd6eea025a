/** What this package aims to reach against the best of its peers, and whether it does. */
import type { CellFigures, CellResult, Results } from '../results.ts'
import type { Figure } from '../statistics.ts'
import {
  bestOf,
  differenceOf,
  floorOf,
  OURS,
  peersOf,
  pick,
  ratioOf,
  type Better,
} from './comparison.ts'
import { loadTitle, megabytes, number, ratio } from './text.ts'

export interface Verdict {
  title: string
  /** What was measured, and of which peer it is a part where it is. */
  measured: string
  wanted: string
  /** `within error`: half of the rounds reach as far as the target. */
  verdict: 'met' | 'within error' | 'missed'
}

interface Target {
  title: string
  figure: Figure
  /** The contender that `figure` is relative to. */
  than?: string
  wants: Better
  limit: number
  format: (value: number) => string
}

/** By requests in flight, for 300 B and a change. */
const ROWS: Record<number, { requests: number; eventLoop: number; p50: number; process: number }> =
  {
    1: { requests: 1.6, eventLoop: 0.35, p50: 0.65, process: 1.3 },
    4: { requests: 1, eventLoop: 0.4, p50: 1, process: 1.5 },
    16: { requests: 1.6, eventLoop: 0.3, p50: 0.65, process: 0.8 },
    64: { requests: 2.5, eventLoop: 0.3, p50: 0.5, process: 0.6 },
    256: { requests: 3, eventLoop: 0.3, p50: 0.4, process: 0.5 },
  }

/** By connections: requests per second against the best peer. */
const HTTP: Record<number, number> = { 4: 1, 64: 1.1, 256: 1.1 }

/** Returns a verdict for each target that the results say something about. */
export function verdicts(results: Results): Verdict[] {
  let targets = [
    ...requestTargets(results),
    ...httpTargets(results),
    ...startupTargets(results),
    ...idleTargets(results),
  ]
  return targets.map(judge)
}

function* requestTargets(results: Results): Generator<Target> {
  for (let cell of results.cells) {
    let { work, shape, size, inFlight } = cell
    if (shape !== 'cart') continue
    if (work === 'change' && size === 300) {
      let { requests, eventLoop, p50, process } = ROWS[inFlight]!
      yield* againstPeers(results, cell, 'requestsPerSecond', requests)
      yield* againstPeers(results, cell, 'eventLoop', eventLoop)
      if (inFlight >= 64) yield* againstFloor(results, cell)
      yield* againstPeers(results, cell, 'p50', p50)
      yield* againstPeers(results, cell, 'process', process)
    } else if (work === 'read' && size === 300 && inFlight >= 64) {
      yield* againstPeers(results, cell, 'requestsPerSecond', 2.5)
    } else if (work === 'change' && size === 4096 && inFlight === 64) {
      yield* againstPeers(results, cell, 'requestsPerSecond', 2)
    }
  }
}

const FIGURES = {
  requestsPerSecond: 'requests/s',
  eventLoop: 'event loop',
  p50: 'p50',
  process: 'process CPU',
}

function* againstPeers(
  results: Results,
  cell: CellResult,
  name: keyof typeof FIGURES,
  limit: number,
): Generator<Target> {
  let wants: Better = name === 'requestsPerSecond' ? 'higher' : 'lower'
  let figures = pick(cell.figures as Record<string, Omit<CellFigures, 'commandNames'>>, name)
  let best = bestOf(figures, peersOf(results), wants)
  let ours = figures[OURS]
  if (!best || !ours) return
  let title = `${loadTitle(cell)}: ${FIGURES[name]}`
  yield { title, figure: ratioOf(ours, best.figure), than: best.name, wants, limit, format: ratio }
}

function* againstFloor(results: Results, cell: CellResult): Generator<Target> {
  let floor = floorOf(results)
  let ours = cell.figures[OURS]
  let theirs = floor && cell.figures[floor]
  if (!floor || !ours || !theirs) return
  yield {
    title: `${loadTitle(cell)}: event loop against the floor`,
    figure: ratioOf(ours.eventLoop, theirs.eventLoop),
    than: floor,
    wants: 'lower',
    limit: 1,
    format: ratio,
  }
}

function* httpTargets(results: Results): Generator<Target> {
  let floor = floorOf(results)
  for (let { connections, figures } of results.http) {
    let title = `HTTP, ${connections} connections`
    let best = bestOf(pick(figures, 'requestsPerSecond'), peersOf(results), 'higher')
    let ours = figures[OURS]
    let theirs = floor && figures[floor]
    if (ours && best) {
      yield {
        title: `${title}: requests/s`,
        figure: ratioOf(ours.requestsPerSecond, best.figure),
        than: best.name,
        wants: 'higher',
        limit: HTTP[connections]!,
        format: ratio,
      }
    }
    if (ours && floor && theirs) {
      yield {
        title: `${title}: process CPU against the floor`,
        figure: ratioOf(ours.process, theirs.process),
        than: floor,
        wants: 'lower',
        limit: 1.05,
        format: ratio,
      }
    }
  }
}

function* startupTargets(results: Results): Generator<Target> {
  let startup = results.startup[OURS]
  let pending = results.pending[OURS]
  let atMost = (
    title: string,
    figure: Figure,
    limit: number,
    format: Target['format'],
  ): Target => ({
    title,
    figure,
    wants: 'lower',
    limit,
    format,
  })
  let ms = (value: number) => `${number(value)} ms`
  let mb = (value: number) => `${megabytes(value)} MB`
  if (startup) {
    yield atMost('Import, create, load the addon', startup.importAndCreate, 10, ms)
    yield atMost('Resident memory that adds', startup.memory, 12e6, mb)
  }
  if (pending) {
    yield atMost('Memory of 10,000 reads in flight', pending.reads, 20e6, mb)
    yield atMost('Memory of 10,000 saves in flight', pending.saves, 20e6, mb)
  }
}

function* idleTargets(results: Results): Generator<Target> {
  let ours = results.idle[OURS]
  let best = bestOf(pick(results.idle, 'busy'), peersOf(results), 'lower')
  let percent = (value: number) => `${value.toFixed(2)} %`
  if (!ours) return
  let floor = floorOf(results)
  let theirs = floor && results.idle[floor]
  if (floor && theirs) {
    yield {
      title: 'CPU of an idle storage, beyond the floor’s',
      figure: differenceOf(ours.idle, theirs.idle),
      than: floor,
      wants: 'lower',
      limit: 0.05,
      format: percent,
    }
  }
  if (!best) return
  yield {
    title: 'CPU at 100 requests/s, beyond the peer’s',
    figure: differenceOf(ours.busy, best.figure),
    than: best.name,
    wants: 'lower',
    limit: 1,
    format: percent,
  }
}

function judge({ title, figure, than, wants, limit, format }: Target): Verdict {
  let reaches = (value: number) => (wants === 'higher' ? value >= limit : value <= limit)
  let isMet = reaches(figure.median)
  let isClose = reaches(wants === 'higher' ? figure.high : figure.low)
  return {
    title,
    measured: format(figure.median) + (than === undefined ? '' : ` (${than})`),
    wanted: `${wants === 'higher' ? '≥' : '≤'} ${format(limit)}`,
    verdict: isMet ? 'met' : isClose ? 'within error' : 'missed',
  }
}
