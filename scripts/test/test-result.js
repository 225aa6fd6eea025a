/** What a test suite's run came to. */

/**
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 */

/**
 * @typedef {Counts & { name: string, seconds: number, crashed: boolean }} Result With `crashed` when
 *   the runner ended badly though no test failed: a compile error, or an error outside of any test
 */

/**
 * @param {string} name
 * @param {number} started
 * @param {Counts} counts
 * @param {boolean} isOk Whether the runner ended well
 * @returns {Result}
 */
export function resultOf(name, started, counts, isOk) {
  let seconds = (Date.now() - started) / 1000
  return { name, seconds, ...counts, crashed: !isOk && counts.failed === 0 }
}

/**
 * @param {Counts[]} counts
 * @returns {Counts}
 */
export function sum(counts) {
  let total = { passed: 0, failed: 0, skipped: 0 }
  for (let { passed, failed, skipped } of counts) {
    total.passed += passed
    total.failed += failed
    total.skipped += skipped
  }
  return total
}
