/** The two test suites. Each is run with its output on ours, from which its tests are counted. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { environment, ROOT, runTool } from '../project.js'

/**
 * @typedef {object} Result
 * @property {number} passed
 * @property {number} failed Also counts a run that failed outside of any test
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
      let count = (/** @type {string} */ what) =>
        [...printed.matchAll(/^test result: .*$/gm)]
          .map(([line]) => Number((new RegExp(`(\\d+) ${what};`).exec(line) || [])[1]))
          .reduce((sum, number) => sum + number, 0)
      let skipped = [...printed.matchAll(/^test (.*) \.\.\. ignored/gm)].map(
        ([, name = '']) => name,
      )
      resolve({ passed: count('passed'), failed: count('failed') || Number(code !== 0), skipped })
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
    /** @type {{ fullName: string, status: string }[]} */
    let tests = testsIn(report)
    let named = (/** @type {string[]} */ ...statuses) =>
      tests.filter(({ status }) => statuses.includes(status)).map(({ fullName }) => fullName)
    return {
      passed: named('passed').length,
      failed: named('failed').length || Number(!isOk),
      skipped: named('skipped', 'pending', 'todo', 'disabled'),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param {string} report */
function testsIn(report) {
  try {
    let { testResults } = JSON.parse(readFileSync(report, 'utf8'))
    return testResults.flatMap((/** @type {any} */ file) => file.assertionResults)
  } catch {
    // Vitest failed before it could write a report, as its exit code says.
    return []
  }
}
