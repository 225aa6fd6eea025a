/** Figures and tables as text. */
import { stripVTControlCharacters } from 'node:util'

import type { HttpLoad } from '../load-client.ts'
import type { Load } from '../jobs/requests.ts'
import type { Shape, Size } from '../sessions.ts'
import type { Work } from '../jobs/works.ts'
import type { Figure } from '../statistics.ts'

const WORKS: Record<Work, string> = {
  none: 'Session not used',
  read: 'Small value read',
  change: 'Small value changed',
  large: 'Large value changed',
}

const SHAPES: Record<Shape, string> = { cart: 'cart', keys: 'many keys', text: 'non-ASCII cart' }

const SIZES: Record<Size, string> = { 300: '300 B', 4096: '4 KB', 65_536: '64 KB' }

/** What is done with which sessions: `Small value changed, cart of 4 KB, 64 in flight`. */
export function loadTitle({ work, shape, size, inFlight }: Load): string {
  return `${WORKS[work]}, ${SHAPES[shape]} of ${sizeText(size)}, ${inFlight} in flight`
}

export function httpTitle({ size, connections }: HttpLoad): string {
  return `A Remix app over HTTP: cart of ${sizeText(size)}, ${connections} connections`
}

export function sizeText(size: Size): string {
  return SIZES[size]
}

/** Three digits that count: `1.23`, `12.3`, `123`, `12.3k`. */
export function number(value: number): string {
  if (Math.abs(value) >= 10_000) return `${threeDigits(value / 1000)}k`
  return threeDigits(value)
}

export function ratio(value: number): string {
  return `${value.toFixed(2)}×`
}

export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}

/** The median, and how far half of the rounds are from it at most. */
export function spread({ median, low, high }: Figure, format = number): string {
  let off = Math.max(high - median, median - low)
  let percent = median === 0 ? 0 : Math.round((off / Math.abs(median)) * 100)
  return `${format(median)} ±${percent} %`
}

/** Columns side by side, the first to the left and the others to the right. */
export function table(head: string[], rows: string[][]): string {
  let lines = [head, ...rows]
  let widths = head.map((_, column) =>
    Math.max(...lines.map((line) => widthOf(line[column] ?? ''))),
  )
  return lines
    .map((line) =>
      line
        .map((cell, column) => pad(cell, widths[column]!, column === 0))
        .join('   ')
        .trimEnd(),
    )
    .join('\n')
}

function pad(cell: string, width: number, toTheLeft: boolean): string {
  let space = ' '.repeat(width - widthOf(cell))
  return toTheLeft ? cell + space : space + cell
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length
}

function threeDigits(value: number): string {
  let size = Math.abs(value)
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2)
}
