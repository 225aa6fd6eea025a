/**
 * Runs all tests: the Rust suite, the TypeScript one, and parts of that once more on other servers
 * (`npm test -- --servers`: these only) and over other clients (`npm test -- --clients`). Other arguments go to vitest, and then only it runs: `npm test -- faults`.
 *
 * A server or runtime that cannot be had on this machine is named as one that was not run on. Fails if a test failed, if a suite ran none, or if a runner failed. A skipped test hides what it
 * would have found, so it fails the run too, except in a filtered run by hand.
 */
import { installPackages } from '../build/packages.js'
import { setUp } from '../build/setup.js'
import { ensureToolchain } from '../build/toolchain.js'
import { ensureProgram } from '../programs.js'
import { ensureValkey } from '../other-servers.js'
import { main } from '../project.js'
import { runOnOtherClients } from './on-other-clients.js'
import { runOnOtherServers } from './on-other-servers.js'
import { printFailed, runRustTests, runVitest } from './suites.js'

await main(import.meta.url, async () => {
  let args = process.argv.slice(2)
  let isAll = args.length === 0
  let isOnly = (/** @type {string} */ flag) => args.length === 1 && args[0] === flag
  let [isOtherServers, isOtherClients] = [isOnly('--servers'), isOnly('--clients')]
  let isFiltered = !isAll && !isOtherServers && !isOtherClients
  setUp()
  installPackages('test/majors')
  ensureProgram('redis')
  ensureProgram('chromium')
  ensureProgram('openssl')
  ensureValkey()

  /** @type {Record<string, import('./suites.js').Result>} */
  let results = {}
  /** @type {Record<string, string>} */
  let notRun = {}
  if (isAll) {
    ensureToolchain()
    results.Rust = await runRustTests()
  }
  if (isAll || isFiltered) results.TypeScript = runVitest(args)
  for (let others of [
    ...(isAll || isOtherServers ? [runOnOtherServers()] : []),
    ...(isAll || isOtherClients ? [runOnOtherClients()] : []),
  ]) {
    Object.assign(results, others.results)
    Object.assign(notRun, others.notRun)
  }

  console.log()
  let total = { passed: 0, failed: 0, skipped: 0 }
  for (let [name, { passed, failed, skipped }] of Object.entries(results)) {
    console.log(`${name}: ${passed} passed, ${failed.length} failed, ${skipped.length} skipped`)
    printFailed(failed)
    for (let test of skipped) console.log(`Skipped: ${test}`)
    if (passed + failed.length === 0) console.log('Problem: no test ran')
    total.passed += passed
    total.failed += failed.length || Number(passed === 0)
    total.skipped += skipped.length
  }
  for (let [name, reason] of Object.entries(notRun)) console.log(`Not run on ${name}: ${reason}`)
  if (isFiltered) {
    console.log('Only vitest has run: the arguments are for it.')
  }
  let { passed, failed, skipped } = total
  let missing = [
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ...Object.keys(notRun).map((name) => `not run on ${name}`),
  ]
  console.log(`\n${[`${passed} passed, ${failed} failed`, ...missing].join(', ')}`)
  let maySkip = isFiltered && !process.env.CI
  if (failed > 0 || passed === 0 || (skipped > 0 && !maySkip)) process.exitCode = 1
})
