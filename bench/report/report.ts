/** The results as tables for the terminal. */
import { styleText } from 'node:util'

import { MERGING } from '../contenders/index.ts'
import type { Results } from '../results.ts'
import { clientComparisons } from './clients.ts'
import { clusterSections } from './cluster.ts'
import { BEFORE, OURS, peersOf } from './comparison.ts'
import { mergingSections } from './merging.ts'
import { section, type Column, type Section } from './section.ts'
import type { Verdict } from './target.ts'
import { verdicts } from './targets.ts'
import { httpTitle, loadTitle, megabytes, number, table } from './text.ts'

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
    ...sections(results).map((each) => section(results.contenders, each)),
    targetTable(verdicts(results)),
    about(results),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

function sections(results: Results): Section[] {
  let { startup, pending, idle } = results
  let peers = peersOf(results)
  let comparisons = [
    { head: 'ours / best peer', name: OURS, rivals: peers },
    { head: 'ours, merging / best peer', name: MERGING[OURS]!, rivals: peers },
    { head: 'ours / before', name: OURS, rivals: [BEFORE] },
    ...clientComparisons(results),
  ]
  let titled = (title: string, figures: Section['figures'], columns: Column[]): Section => ({
    title,
    figures,
    columns,
    comparisons,
  })
  return [
    ...results.cells.map((cell) => titled(loadTitle(cell), cell.figures, CELL_COLUMNS)),
    ...clusterSections(results, CELL_COLUMNS, comparisons),
    ...results.http.map((http) => titled(httpTitle(http), http.figures, HTTP_COLUMNS)),
    titled('A storage in a fresh process', startup, STARTUP_COLUMNS),
    titled('Memory that 10,000 requests in flight add', pending, PENDING_COLUMNS),
    titled('CPU with little to do, % of a core', idle, IDLE_COLUMNS),
    ...mergingSections(results),
  ]
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
