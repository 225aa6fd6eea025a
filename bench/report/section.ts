/** A table of figures: a row for each contender, and rows for how far apart some of them are. */
import { styleText } from 'node:util'

import type { Results } from '../results.ts'
import { overlap, type Figure } from '../statistics.ts'
import { bestOf, pick, ratioOf, type Better } from './comparison.ts'
import { ratio, spread, table } from './text.ts'

export interface Section {
  title: string
  figures: Record<string, object>
  columns: Column[]
  comparisons: Comparison[]
}

export interface Column {
  head: string
  /** The name of the figure. */
  name: string
  better: Better
  format?: (value: number) => string
}

/** One contender against the best of others in each column, all by their keys. */
export interface Comparison {
  head: string
  name: string
  rivals: string[]
}

export function section(
  contenders: Results['contenders'],
  { title, figures, columns, comparisons }: Section,
): string {
  let all = figures as Record<string, Record<string, Figure>>
  let rows = Object.entries(all).map(([key, own]) =>
    [contenders[key]!.name].concat(columns.map(({ name, format }) => spread(own[name]!, format))),
  )
  for (let comparison of comparisons) {
    let cells = columns.map((column) => compared(all, comparison, column))
    if (cells.some((cell) => cell !== '')) rows.push([comparison.head, ...cells])
  }
  return `${styleText('bold', title)}\n${table(['', ...columns.map(({ head }) => head)], rows)}`
}

function compared(
  figures: Record<string, Record<string, Figure>>,
  { name: contender, rivals }: Comparison,
  { name, better }: Column,
): string {
  let own = figures[contender]?.[name]
  let best = bestOf(pick(figures, name), rivals, better)
  if (!own || !best || best.figure.median === 0) return ''
  let text = ratio(ratioOf(own, best.figure).median)
  if (overlap(own, best.figure)) return `${text} within error`
  let isBetter = own.median > best.figure.median === (better === 'higher')
  return styleText(isBetter ? 'green' : 'red', text)
}
