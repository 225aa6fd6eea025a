/** Runs the TypeScript tests, and reads from vitest's report how many there were. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { runTool } from './project.js'
import { resultOf } from './test-result.js'

/**
 * @param {string[]} args More arguments for vitest, such as part of a file's name
 * @returns {import('./test-result.js').Result}
 */
export function runVitest(args) {
  let started = Date.now()
  let folder = mkdtempSync(path.join(tmpdir(), 'vitest-'))
  let report = path.join(folder, 'report.json')
  try {
    let reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    let isOk = runTool('vitest/vitest.mjs', ['run', ...reporters, ...args])
    return resultOf('TypeScript', started, countsIn(report), isOk)
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
    }
  } catch {
    // Vitest ended before it could write one, which its exit code says, too.
    return { passed: 0, failed: 0, skipped: 0 }
  }
}
