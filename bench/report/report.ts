/** The results as tables for the terminal. */
import { styleText } from 'node:util'

import type { Results } from '../results.ts'
import { overlap, type Figure } from '../statistics.ts'
import { BEFORE, bestOf, OURS, peersOf, pick, ratioOf, type Better } from './comparison.ts'
import type { Verdict } from './target.ts'
import { verdicts } from './targets.ts'
import { httpTitle, loadTitle, megabytes, number, ratio, spread, table } from './text.ts'

interface Column {
  head: string
  /** The name of the figure. */
  name: string
  better: Better
  format?: (value: number) => string
}

const CELL_COLUMNS: Column[] = [
  { head: 'requests/s', name: 'requestsPerSecond', better: 'higher' },
  { head: 'event loop µs', name: 'eventLoop', better: 'lower' },
  { head: 'process µs', name: 'process', better: 'lower' },
  { head: 'GC µs', name: 'gc', better: 'lower' },
  { head: 'p50 µs', name: 'p50', better: 'lower' },
  { head: 'p99 µs', name: 'p99', better: 'lower' },
  { head: 'p99.9 µs', name: 'p999', better: 'lower' },
  { head: 'commands', name: 'commands', better: 'lower' },
  { head: 'Redis µs', name: 'server', better: 'lower' },
]

const HTTP_COLUMNS: Column[] = [
  { head: 'requests/s', name: 'requestsPerSecond', better: 'higher' },
  { head: 'process µs', name: 'process', better: 'lower' },
  { head: 'p50 µs', name: 'p50', better: 'lower' },
  { head: 'p99 µs', name: 'p99', better: 'lower' },
]

const STARTUP_COLUMNS: Column[] = [
  { head: 'import ms', name: 'import', better: 'lower' },
  { head: 'create ms', name: 'create', better: 'lower' },
  { head: 'both ms', name: 'importAndCreate', better: 'lower' },
  { head: 'connect ms', name: 'connect', better: 'lower' },
  { head: 'first read ms', name: 'firstRead', better: 'lower' },
  { head: 'CPU ms', name: 'cpu', better: 'lower' },
  { head: 'memory MB', name: 'memory', better: 'lower', format: megabytes },
]

const PENDING_COLUMNS: Column[] = [
  { head: 'reads MB', name: 'reads', better: 'lower', format: megabytes },
  { head: 'saves MB', name: 'saves', better: 'lower', format: megabytes },
]

const IDLE_COLUMNS: Column[] = [
  { head: 'idle %', name: 'idle', better: 'lower' },
  { head: '100 requests/s %', name: 'busy', better: 'lower' },
]

export function report(results: Results): string {
  return [
    ...results.cells.map((cell) => section(results, loadTitle(cell), cell.figures, CELL_COLUMNS)),
    ...results.http.map((http) => section(results, httpTitle(http), http.figures, HTTP_COLUMNS)),
    section(results, 'A storage in a fresh process', results.startup, STARTUP_COLUMNS),
    section(results, 'Memory that 10,000 requests in flight add', results.pending, PENDING_COLUMNS),
    section(results, 'CPU with little to do, % of a core', results.idle, IDLE_COLUMNS),
    targetTable(verdicts(results)),
    about(results),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

/** A row for each contender, and ours against the best peer and another version in each column. */
function section(
  results: Results,
  title: string,
  figures: Record<string, object>,
  columns: Column[],
): string {
  let all = figures as Record<string, Record<string, Figure>>
  let rows = Object.entries(all).map(([key, own]) =>
    [results.contenders[key]!.name].concat(
      columns.map(({ name, format }) => spread(own[name]!, format)),
    ),
  )
  let rivals = { 'ours / best peer': peersOf(results), 'ours / before': [BEFORE] }
  for (let [head, names] of Object.entries(rivals)) {
    let against = columns.map((column) => comparison(all, names, column))
    if (against.some((cell) => cell !== '')) rows.push([head, ...against])
  }
  return `${styleText('bold', title)}\n${table(['', ...columns.map(({ head }) => head)], rows)}`
}

/** Ours against the best of its rivals. */
function comparison(
  figures: Record<string, Record<string, Figure>>,
  rivals: string[],
  { name, better }: Column,
): string {
  let ours = figures[OURS]?.[name]
  let best = bestOf(pick(figures, name), rivals, better)
  if (!ours || !best || best.figure.median === 0) return ''
  let text = ratio(ratioOf(ours, best.figure).median)
  if (overlap(ours, best.figure)) return `${text} within error`
  let isBetter = ours.median > best.figure.median === (better === 'higher')
  return styleText(isBetter ? 'green' : 'red', text)
}

const COLOURS = { met: 'green', 'within error': 'yellow', missed: 'red' } as const

function targetTable(verdicts: Verdict[]): string {
  if (verdicts.length === 0) return ''
  let rows = verdicts.map(({ title, measured, wanted, verdict }) => [
    title,
    wanted,
    measured,
    styleText(COLOURS[verdict], verdict),
  ])
  let count = (verdict: Verdict['verdict']) =>
    verdicts.filter((each) => each.verdict === verdict).length
  return (
    `${styleText('bold', 'Targets')}\n${table(['', 'wanted', 'measured', ''], rows)}\n` +
    `${count('met')} met, ${count('within error')} within error, ${count('missed')} missed`
  )
}

function about({ machine, versions, rounds, addonSize }: Results): string {
  let names = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    `Medians of ${rounds} rounds; half of the rounds are within ±. ` +
      'µs are per request; "within error": the middle halves of the two overlap.',
    `${machine.cpu}, ${machine.cores} cores, ${number(machine.memory / 2 ** 30)} GiB, ${machine.system}`,
    names.join(', '),
    `The addon has ${megabytes(addonSize)} MB.`,
  ].join('\n')
}
