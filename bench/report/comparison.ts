/** Ours against the peers: the best of them, and how far apart the two are. */
import type { Results } from '../results.ts'
import type { Figure } from '../statistics.ts'

export type Better = 'higher' | 'lower'

export interface Best {
  /** The contender's key. */
  name: string
  figure: Figure
}

/** The key of the contender that everything is about: ours with a URL. */
export const OURS = 'ours'

/** The key of another version of this package, which `--before` adds. */
export const BEFORE = 'before'

export function peersOf({ contenders }: Results): string[] {
  return Object.keys(contenders).filter((name) => contenders[name]!.kind === 'peer')
}

export function floorOf({ contenders }: Results): string | undefined {
  return Object.keys(contenders).find((name) => contenders[name]!.kind === 'floor')
}

/** The best of these contenders in one figure, of those that have it. */
export function bestOf(
  figures: Record<string, Figure | undefined>,
  names: string[],
  better: Better,
): Best | undefined {
  let best: Best | undefined
  for (let name of names) {
    let figure = figures[name]
    if (figure !== undefined && (!best || isBetter(figure.median, best.figure.median, better))) {
      best = { name, figure }
    }
  }
  return best
}

/** One figure of each contender. */
export function pick<name extends string>(
  figures: Record<string, Record<name, Figure>>,
  name: name,
): Record<string, Figure> {
  return Object.fromEntries(Object.entries(figures).map(([key, all]) => [key, all[name]]))
}

export function ratioOf(a: Figure, b: Figure): Figure {
  return { median: a.median / b.median, low: a.low / b.high, high: a.high / b.low }
}

export function differenceOf(a: Figure, b: Figure): Figure {
  return { median: a.median - b.median, low: a.low - b.high, high: a.high - b.low }
}

function isBetter(a: number, b: number, better: Better): boolean {
  return better === 'higher' ? a > b : a < b
}
