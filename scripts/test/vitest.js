/** Runs the TypeScript tests, and reads from vitest's report how many there were. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { runTool } from '../project.js'
import { resultOf } from './test-result.js'

/**
 * @param {string[]} args More arguments for vitest, such as part of a file's name
 * @returns {import('./test-result.js').Result & { skippedNames: string[] }}
 */
export function runVitest(args) {
  let started = Date.now()
  let folder = mkdtempSync(path.join(tmpdir(), 'vitest-'))
  let report = path.join(folder, 'report.json')
  try {
    let reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    let isOk = runTool('vitest/vitest.mjs', ['run', ...reporters, ...args])
    let { skippedNames, ...counts } = countsIn(report)
    return { ...resultOf('TypeScript', started, counts, isOk), skippedNames }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param {string} report */
function countsIn(report) {
  try {
    let counts = JSON.parse(readFileSync(report, 'utf8'))
    return {
      passed: counts.numPassedTests,
      failed: counts.numFailedTests,
      skipped: counts.numPendingTests + counts.numTodoTests,
      skippedNames: skippedIn(counts.testResults),
    }
  } catch {
    // Vitest ended before it could write one, which its exit code says, too.
    return { passed: 0, failed: 0, skipped: 0, skippedNames: [] }
  }
}

/**
 * @param {{ assertionResults: { fullName: string, status: string }[] }[]} files
 * @returns {string[]}
 */
function skippedIn(files) {
  return files
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'skipped' || status === 'pending' || status === 'todo')
    .map(({ fullName }) => fullName)
}
