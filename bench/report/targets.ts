/** What this package aims to reach, mostly against the best of its peers, and whether it does. */
import type { HttpResult, Results } from '../results.ts'
import type { Figure } from '../statistics.ts'
import { clientTargets } from './clients.ts'
import { clusterTargets } from './cluster.ts'
import { bestOf, differenceOf, floorOf, OURS, peersOf, pick, ratioOf } from './comparison.ts'
import { mergingTargets } from './merging.ts'
import { requestTargets } from './request-targets.ts'
import { judge, type Target, type Verdict } from './target.ts'
import { httpTitle, megabytes, number, ratio } from './text.ts'

/** Requests per second over HTTP against the best peer. */
const HTTP: (Pick<HttpResult, 'size' | 'connections'> & { limit: number })[] = [
  { size: 4096, connections: 4, limit: 1 },
  { size: 4096, connections: 64, limit: 1.15 },
  { size: 4096, connections: 256, limit: 1.1 },
  { size: 300, connections: 64, limit: 1.1 },
]

/** Returns a verdict for each target that the results say something about. */
export function verdicts(results: Results): Verdict[] {
  let targets = [
    ...requestTargets(results),
    ...mergingTargets(results),
    ...clientTargets(results),
    ...clusterTargets(results),
    ...httpTargets(results),
    ...startupTargets(results),
    ...idleTargets(results),
  ]
  return targets.map(judge)
}

function* httpTargets(results: Results): Generator<Target> {
  let floor = floorOf(results)
  for (let http of results.http) {
    let { size, connections, figures } = http
    let limit = HTTP.find((each) => each.size === size && each.connections === connections)?.limit
    let title = httpTitle(http)
    let best = bestOf(pick(figures, 'requestsPerSecond'), peersOf(results), 'higher')
    let ours = figures[OURS]
    let theirs = floor && figures[floor]
    if (ours && best && limit !== undefined) {
      yield {
        title: `${title}: requests/s`,
        figure: ratioOf(ours.requestsPerSecond, best.figure),
        than: best.name,
        wants: 'higher',
        limit,
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
