/** Programs that come as Python packages, which are installed into an environment of their own. */
import { existsSync } from 'node:fs'
import path from 'node:path'

import { ensureProgram } from './programs.js'
import { output } from './project.js'

/**
 * Installs Python packages into an environment, unless they were already.
 *
 * @param {string} folder Where the environment is
 * @param {string[]} packages None for an environment that has nothing but pip
 * @param {string} file What is there once they are, relative to the folder
 */
export function ensurePythonPackages(folder, packages, file) {
  if (existsSync(path.join(folder, file))) return

  output(ensureProgram('python'), ['-m', 'venv', folder])
  if (packages.length === 0) return
  console.log(`Installing ${packages.join(' and ')} with pip …`)
  output(path.join(folder, 'bin/pip'), ['install', '--quiet', ...packages])
}
