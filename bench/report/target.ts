/** A target, and whether a run reaches it. */
import type { Figure } from '../statistics.ts'
import type { Better } from './comparison.ts'

export interface Target {
  title: string
  figure: Figure
  /** The contender that `figure` is relative to. */
  than?: string
  wants: Better
  limit: number
  format: (value: number) => string
}

export interface Verdict {
  title: string
  /** What was measured, and of which contender it is a part where it is. */
  measured: string
  wanted: string
  /** `within error`: half of the rounds reach as far as the target. */
  verdict: 'met' | 'within error' | 'missed'
}

export function judge({ title, figure, than, wants, limit, format }: Target): Verdict {
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
