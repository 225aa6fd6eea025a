/** Percentiles of many latencies, and the median of a few rounds. */
import { build } from 'hdr-histogram-js'

export interface Percentiles {
  p50: number
  p99: number
  p999: number
}

/** What several rounds came to: half of them lie between `low` and `high`. */
export interface Figure {
  median: number
  low: number
  high: number
}

/**
 * Returns percentiles to three digits. The histogram is filled only now: recording into it while
 * requests are measured would cost them more than storing a number.
 */
export function percentiles(values: Float64Array): Percentiles {
  let histogram = build({ numberOfSignificantValueDigits: 3 })
  // It counts integers.
  for (let value of values) histogram.recordValue(Math.round(value * SCALE))
  let at = (percentile: number) => histogram.getValueAtPercentile(percentile) / SCALE
  return { p50: at(50), p99: at(99), p999: at(99.9) }
}

const SCALE = 1000

export function figureOf(values: number[]): Figure {
  let sorted = values.toSorted((a, b) => a - b)
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
  }
}

/** Whether two figures could be the same: what half of their rounds gave overlaps. */
export function overlap(a: Figure, b: Figure): boolean {
  return a.low <= b.high && b.low <= a.high
}

/** Interpolates between the two values that are next to it. */
function quantile(sorted: number[], part: number): number {
  let position = (sorted.length - 1) * part
  let below = Math.floor(position)
  let [low = 0, high = low] = sorted.slice(below, below + 2)
  return low + (high - low) * (position - below)
}
