/** Finds programs of the operating system, and installs them where that needs no asking. */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import path from 'node:path'

import { SetupError } from './project.js'

/**
 * Gives the path of the first of these programs that is on the PATH.
 *
 * @param {string[]} names
 * @returns {string | undefined}
 */
export function findProgram(names) {
  let folders = (process.env.PATH || '').split(path.delimiter).filter(Boolean)
  let suffix = process.platform === 'win32' ? '.exe' : ''
  for (let name of names) {
    for (let folder of folders) {
      let file = path.join(folder, name + suffix)
      if (isExecutable(file)) return file
    }
  }
  return undefined
}

/** @param {string} file */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

/**
 * Gives the path of a program, which is installed first if this is Debian or Ubuntu and nobody has
 * to be asked for a password.
 *
 * @param {object} wanted
 * @param {string} wanted.what What the program is to the reader of a message
 * @param {string[]} wanted.programs Its names, the preferred first
 * @param {string} wanted.aptPackage The Debian package that has it
 * @param {Record<string, string>} wanted.commands How to install it, by package manager (`brew`,
 *   `apt-get`, `dnf`, `apk`, `pacman`, `windows`)
 * @returns {string}
 * @throws {SetupError} with the command to run on this system
 */
export function ensureProgram({ what, programs, aptPackage, commands }) {
  let found = findProgram(programs)
  if (found === undefined && installWithApt(what, [aptPackage])) found = findProgram(programs)
  if (found !== undefined) return found
  throw new SetupError(
    `${what} is needed (${programs.join(' or ')}), and is not on the PATH. ${advice(commands)}`,
  )
}

/**
 * Installs Debian packages, if this is Debian or Ubuntu and nobody has to be asked for a password.
 *
 * @param {string} what What they are to the reader of a message
 * @param {string[]} packages
 * @returns {boolean} Whether they were installed
 */
export function installWithApt(what, packages) {
  let asRoot = rootPrefix()
  if (asRoot === undefined || findProgram(['apt-get']) === undefined) return false

  console.log(`${what} is missing: installing ${packages.join(', ')} with apt-get …`)
  let [command = 'sh', ...args] = [...asRoot, 'sh', '-c', APT_SCRIPT, 'sh', ...packages]
  let { status, stdout, stderr } = spawnSync(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
  })
  if (status !== 0) console.error(`${stdout || ''}${stderr || ''}`)
  return status === 0
}

/**
 * A package with a system service would start it, now and with the machine; whoever wants a server
 * here starts a private one, and the service would only be in the way.
 */
const APT_SCRIPT = `
set -e
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
apt-get update -q
apt-get install -q -y --no-install-recommends "$@"
if command -v systemctl > /dev/null && dpkg -L "$1" | grep -q "/$1.service$"; then
  systemctl disable "$1" || true
fi
`

/** @returns {string[] | undefined} What to put before a command that needs root */
function rootPrefix() {
  if (process.platform !== 'linux') return undefined
  if (process.getuid && process.getuid() === 0) return []
  let sudo = findProgram(['sudo'])
  if (sudo === undefined) return undefined
  let { status } = spawnSync(sudo, ['-n', 'true'], { stdio: 'ignore' })
  return status === 0 ? [sudo, '-n'] : undefined
}

/** @param {Record<string, string>} commands */
function advice(commands) {
  if (process.platform === 'win32') return commands.windows
  let manager =
    process.platform === 'darwin'
      ? 'brew'
      : ['apt-get', 'dnf', 'apk', 'pacman'].find((name) => findProgram([name]) !== undefined)
  let command = manager && commands[manager]
  return command ? `Install it with: ${command}` : 'Install it with your package manager.'
}
