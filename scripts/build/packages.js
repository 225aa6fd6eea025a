/** The npm packages that a checkout needs. */
import { readFileSync } from 'node:fs'
import path from 'node:path'

import { inRoot, run, SetupError } from '../project.js'

/**
 * Installs the packages of a `package-lock.json`, unless they are there.
 *
 * @param {string} [folder] Relative to the checkout
 */
export function installPackages(folder = '.') {
  if (hasAllPackages(folder)) return
  console.log(`Installing the npm packages ${folder === '.' ? '' : `of ${folder}/ `}…`)
  let options = ['--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error']
  if (!run('npm', ['ci', ...options])) {
    throw new SetupError('The npm packages could not be installed: see above.')
  }
}

/**
 * Compares what is wanted with npm's own record of what it has installed.
 *
 * @param {string} folder
 */
function hasAllPackages(folder) {
  let installed = packagesIn(path.join(folder, 'node_modules/.package-lock.json'))
  let wanted = packagesIn(path.join(folder, 'package-lock.json'))
  return Object.entries(wanted).every(([name, { version, optional }]) => {
    let found = installed[name]
    // The packages of other platforms are optional, and are not installed.
    return name === '' || (found ? found.version === version : optional)
  })
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }>}
 */
function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(inRoot(file), 'utf8')).packages
  } catch {
    return {}
  }
}
