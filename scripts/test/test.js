/**
 * Runs all tests: the Rust suite and the TypeScript one. Arguments go to vitest, and then only it
 * runs: `npm test -- faults`.
 *
 * Fails when a test failed, when a suite ran none, and when a runner ended badly. A skipped test
 * hides what it would have found, so it fails the run too, except in a filtered run by hand.
 */
import { ensureChromium } from './chromium.js'
import { ensureOpenssl } from './openssl.js'
import { main } from '../project.js'
import { ensureRedisServer } from '../redis-server.js'
import { runRustTests } from './rust-tests.js'
import { setUp } from '../build/setup.js'
import { sum } from './test-result.js'
import { ensureToolchain } from '../build/toolchain.js'
import { runVitest } from './vitest.js'

/**
 * @param {import('./test-result.js').Result[]} results
 * @param {boolean} maySkip
 * @returns {string[]}
 */
function problemsOf(results, maySkip) {
  return results.flatMap(({ name, passed, failed, skipped, crashed }) => [
    ...(crashed ? [`${name}: the runner failed outside of a test, see above`] : []),
    ...(passed + failed === 0 ? [`${name}: no test ran`] : []),
    ...(skipped > 0 && !maySkip ? [`${name}: ${skipped} skipped`] : []),
  ])
}

/** @param {import('./test-result.js').Result} result */
function rowOf({ name, passed, failed, skipped, seconds }) {
  let counts = [`${passed} passed`, `${failed} failed`, `${skipped} skipped`]
  let columns = [...counts, `${seconds.toFixed(1)} s`].map((text) => text.padStart(13))
  return name.padEnd(10) + columns.join('')
}

await main(import.meta.url, async () => {
  let args = process.argv.slice(2)
  setUp()
  ensureRedisServer()
  ensureChromium()
  ensureOpenssl()

  let results = []
  if (args.length === 0) {
    ensureToolchain()
    results.push(await runRustTests())
  }
  results.push(runVitest(args))

  let problems = problemsOf(results, args.length > 0 && !process.env.CI)
  let { passed, failed, skipped } = sum(results)
  // The last line has to show it, too.
  failed += results.filter(({ crashed }) => crashed).length
  console.log(`\n${results.map(rowOf).join('\n')}\n`)
  if (args.length > 0) console.log('The Rust tests were left out: the arguments are for vitest.\n')
  for (let problem of problems) console.log(`Problem: ${problem}`)
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  if (failed > 0 || problems.length > 0) process.exitCode = 1
})
