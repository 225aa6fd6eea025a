/**
 * Runs all tests: the Rust suite and the TypeScript one. Arguments go to vitest, and then only it
 * runs: `npm test -- faults`.
 *
 * Fails if a test failed, if a suite ran none, or if a runner failed. A skipped test hides what it
 * would have found, so it fails the run too, except in a filtered run by hand.
 */
import { installPackages } from '../build/packages.js'
import { setUp } from '../build/setup.js'
import { ensureToolchain } from '../build/toolchain.js'
import { ensureProgram } from '../programs.js'
import { main } from '../project.js'
import { ensureValkey } from '../python-packages.js'
import { runRustTests, runVitest } from './suites.js'

await main(import.meta.url, async () => {
  let args = process.argv.slice(2)
  setUp()
  installPackages('test/majors')
  ensureProgram('redis')
  ensureProgram('chromium')
  ensureProgram('openssl')
  ensureValkey()

  /** @type {Record<string, import('./suites.js').Result>} */
  let results = {}
  if (args.length === 0) {
    ensureToolchain()
    results.Rust = await runRustTests()
  }
  results.TypeScript = runVitest(args)

  console.log()
  let total = { passed: 0, failed: 0, skipped: 0 }
  for (let [name, { passed, failed, skipped }] of Object.entries(results)) {
    console.log(`${name}: ${passed} passed, ${failed} failed, ${skipped.length} skipped`)
    for (let test of skipped) console.log(`  skipped: ${test}`)
    if (passed + failed === 0) console.log('  Problem: no test ran')
    total.passed += passed
    total.failed += failed || Number(passed === 0)
    total.skipped += skipped.length
  }
  if (args.length > 0) console.log('The Rust tests were left out: the arguments are for vitest.')
  let { passed, failed, skipped } = total
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  let maySkip = args.length > 0 && !process.env.CI
  if (failed > 0 || (skipped > 0 && !maySkip)) process.exitCode = 1
})
