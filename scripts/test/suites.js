/** The two test suites. Each is run with its output on ours, from which its tests are counted. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { environment, ROOT, runTool } from '../project.js'

/**
 * @typedef {object} Result
 * @property {number} passed
 * @property {string[]} failed The names of the tests, with why; or that the run failed outside of any test
 * @property {string[]} skipped The names of the tests
 */

/**
 * Runs the Rust tests of the whole workspace.
 *
 * @returns {Promise<Result>}
 */
export function runRustTests() {
  let child = spawn('cargo', ['test', '--workspace', '--no-fail-fast'], {
    cwd: ROOT,
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout.on('data', (data) => {
    process.stdout.write(data)
    printed += data
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      let named = (/** @type {string} */ outcome) =>
        [...printed.matchAll(new RegExp(`^test (.*) \\.\\.\\. ${outcome}`, 'gm'))].map(
          ([, name = '']) => name,
        )
      let [passed, failed] = [named('ok').length, named('FAILED')]
      resolve({ passed, failed: orOutside(failed, code === 0), skipped: named('ignored') })
    })
  })
}

/**
 * Runs TypeScript tests.
 *
 * @param {string[]} args More arguments for vitest, such as part of a file's name
 * @param {NodeJS.ProcessEnv} [variables]
 * @param {string} [runtime] The program that runs them: Node unless given
 * @returns {Result}
 */
export function runVitest(args, variables, runtime) {
  let folder = mkdtempSync(path.join(tmpdir(), 'vitest-'))
  let report = path.join(folder, 'report.json')
  try {
    let reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    let isOk = runTool('vitest/vitest.mjs', ['run', ...reporters, ...args], variables, runtime)
    let tests = testsIn(report)
    let those = (/** @type {string[]} */ ...statuses) =>
      tests.filter(({ status }) => statuses.includes(status))
    return {
      passed: those('passed').length,
      failed: orOutside(those('failed').map(whatFailed), isOk),
      skipped: those('skipped', 'pending', 'todo', 'disabled').map(({ fullName }) => fullName),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param {string[]} failed Of results */
export function printFailed(failed) {
  for (let test of failed) console.log(`Failed: ${test}`)
}

/**
 * @param {string[]} failed
 * @param {boolean} isOk What the exit code says
 */
function orOutside(failed, isOk) {
  return failed.length > 0 || isOk ? failed : [OUTSIDE]
}

/** @param {Test} test */
function whatFailed({ file, fullName, failureMessages }) {
  let [message = ''] = failureMessages
  let lines = message.split('\n').filter((line) => !line.includes('/node_modules/'))
  return [`${file}: ${fullName}`, ...lines.slice(0, LINES_OF_FAILURE)].join('\n    ')
}

const LINES_OF_FAILURE = 12
const OUTSIDE = 'outside of any test: see above'

/** @typedef {{ file: string, fullName: string, status: string, failureMessages: string[] }} Test */

/**
 * @param {string} report
 * @returns {Test[]} With one more for each file that failed outside of its tests
 */
function testsIn(report) {
  /** @type {{ name: string, status: string, message: string, assertionResults: Omit<Test, 'file'>[] }[]} */
  let files
  try {
    files = JSON.parse(readFileSync(report, 'utf8')).testResults
  } catch {
    // Vitest failed before it could write a report, as its exit code says.
    return []
  }
  return files.flatMap(({ name, status, message, assertionResults }) => {
    let isOutside =
      status === 'failed' && assertionResults.every((test) => test.status !== 'failed')
    let outside = { fullName: OUTSIDE, status, failureMessages: [message] }
    let tests = [...assertionResults, ...(isOutside ? [outside] : [])]
    return tests.map((test) => Object.assign(test, { file: path.relative(ROOT, name) }))
  })
}
