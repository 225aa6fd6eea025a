/** The npm packages that a checkout needs. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'

import { inRoot, SetupError } from '../project.js'
import { isStale } from './staleness.js'

/** npm's own record of what it installed. */
const INSTALLED = 'node_modules/.package-lock.json'
const WANTED = 'package-lock.json'

/**
 * Installs the packages of a `package-lock.json`, unless they are there.
 *
 * @param {string} [folder] Relative to the checkout
 */
export function installPackages(folder = '.') {
  if (!isStale(path.join(folder, INSTALLED), [path.join(folder, WANTED)])) return
  if (hasAllPackages(folder)) return

  console.log(`Installing the npm packages ${folder === '.' ? '' : `of ${folder}/ `}…`)
  let isWindows = process.platform === 'win32'
  let { status, stdout, stderr, error } = spawnSync(
    isWindows ? 'npm.cmd' : 'npm',
    ['ci', '--no-audit', '--no-fund'],
    // The program of npm on Windows is a batch file.
    { cwd: inRoot(folder), encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], shell: isWindows },
  )
  if (status === 0) return
  console.error(error ? error.message : stdout + stderr)
  throw new SetupError('The npm packages could not be installed: see above.')
}

/**
 * A checkout of another commit touches the file also when nothing in it is different.
 *
 * @param {string} folder
 */
function hasAllPackages(folder) {
  let installed = packagesIn(path.join(folder, INSTALLED))
  let wanted = packagesIn(path.join(folder, WANTED))
  if (installed === undefined || wanted === undefined) return false
  for (let [folder, { version, optional }] of Object.entries(wanted)) {
    if (folder === '') continue
    let found = installed[folder]
    // Optional packages are those of other platforms, too.
    if (found === undefined ? !optional : found.version !== version) return false
  }
  return true
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }> | undefined}
 */
function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(inRoot(file), 'utf8')).packages
  } catch {
    return undefined
  }
}
