/** What merging costs: a table for each server and session, and what it should cost at most. */
import { MERGING } from '../contenders/index.ts'
import type { CellFigures, Results } from '../results.ts'
import { ratioOf } from './comparison.ts'
import type { Column, Section } from './section.ts'
import type { Target } from './target.ts'
import { loadTitle, ratio } from './text.ts'

const COLUMNS: Column[] = [
  { head: 'requests/s', name: 'requestsPerSecond', better: 'higher' },
  { head: 'event loop µs', name: 'eventLoop', better: 'lower' },
  { head: 'process µs', name: 'process', better: 'lower' },
  { head: 'server µs', name: 'server', better: 'lower' },
  { head: 'p50 µs', name: 'p50', better: 'lower' },
  { head: 'commands', name: 'commands', better: 'lower' },
]

/** The part of the requests that merging keeps at least, on a server that compares by itself. */
const KEPT = 0.9

export function mergingSections({ merging, contenders }: Results): Section[] {
  let comparisons = Object.entries(MERGING)
    .filter(([name]) => contenders[name] !== undefined)
    .map(([name, merging]) => ({
      head: `merging / ${contenders[name]!.name}`,
      name: merging,
      rivals: [name],
    }))
  return merging.flatMap(({ server, rounds, cells }) =>
    cells.map((cell) => ({
      title: `Merging on ${server}, ${rounds} rounds: ${loadTitle(cell)}`,
      figures: cell.figures,
      columns: COLUMNS,
      comparisons,
    })),
  )
}

export function* mergingTargets({ merging, contenders }: Results): Generator<Target> {
  for (let { server, cells } of merging) {
    for (let cell of cells) {
      for (let [name, mergingName] of Object.entries(MERGING)) {
        let overwriting = cell.figures[name]
        let merging = cell.figures[mergingName]
        if (!overwriting || !merging || needsScript(merging)) continue
        yield {
          title: `${contenders[mergingName]!.name} on ${server}: ${loadTitle(cell)}: requests/s`,
          figure: ratioOf(merging.requestsPerSecond, overwriting.requestsPerSecond),
          than: name,
          wants: 'higher',
          limit: KEPT,
          format: ratio,
        }
      }
    }
  }
}

function needsScript({ commandNames }: CellFigures): boolean {
  return commandNames.includes('evalsha')
}
