/** Percentiles of many latencies, and the median of a few rounds. */

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

/** Sorts the values in place. */
export function percentiles(values: Float64Array): Percentiles {
  values.sort()
  let at = (part: number) =>
    values[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999) }
}

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
