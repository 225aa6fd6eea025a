/** Programs of the operating system: finds them, and installs them where nobody has to be asked. */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import path from 'node:path'

import { SetupError } from './project.js'

/**
 * @typedef {object} Program
 * @property {string} what What it is to the reader of a message
 * @property {string[]} names What it is called, the preferred name first
 * @property {string} apt Its Debian package, which is also tried with other package managers
 * @property {Record<string, string>} [others] Its packages elsewhere, where they are called
 *   differently; for `windows`, what to do
 * @property {string} [variable] The environment variable that can hold its path
 */

/** @satisfies {Record<string, Program>} */
const PROGRAMS = {
  redis: {
    what: 'A Redis server',
    names: ['redis-server', 'valkey-server'],
    apt: 'redis-server',
    others: {
      ...{ brew: 'redis', dnf: 'valkey', apk: 'redis', pacman: 'valkey' },
      windows: 'Run this inside WSL, or install https://www.memurai.com as redis-server.exe.',
    },
  },
  openssl: {
    what: 'OpenSSL, for the certificates of the TLS tests,',
    names: ['openssl'],
    apt: 'openssl',
    others: { windows: 'It comes with Git for Windows.' },
  },
  chromium: {
    what: 'Chromium, or Chrome with its path in CHROMIUM,',
    names: ['chromium', 'chromium-browser', 'google-chrome'],
    apt: 'chromium',
    variable: 'CHROMIUM',
    others: { brew: '--cask chromium', windows: 'Install Chrome and set CHROMIUM.' },
  },
  compiler: {
    what: 'A C compiler',
    names: ['cc', 'gcc', 'clang'],
    apt: 'build-essential',
    others: { dnf: 'gcc', apk: 'build-base', pacman: 'base-devel' },
  },
  cplusplus: {
    what: 'A C++ compiler',
    names: ['c++', 'g++', 'clang++'],
    apt: 'g++',
    others: { dnf: 'gcc-c++', pacman: 'gcc' },
  },
  python: { what: 'Python', names: ['python3'], apt: 'python3-venv', others: { brew: 'python' } },
  valgrind: { what: 'Valgrind, which counts instructions,', names: ['valgrind'], apt: 'valgrind' },
}

const INSTALL = {
  brew: 'brew install',
  'apt-get': 'sudo apt-get install',
  dnf: 'sudo dnf install',
  apk: 'sudo apk add',
  pacman: 'sudo pacman -S',
}

/**
 * Returns the path of a program. Installs it first if it is missing, this is Debian or Ubuntu, and no
 * password is needed.
 *
 * @param {keyof typeof PROGRAMS} key
 * @returns {string}
 * @throws {SetupError} with the command to run on this system
 */
export function ensureProgram(key) {
  /** @type {Program} */
  let program = PROGRAMS[key]
  let chosen = program.variable && process.env[program.variable]
  let found = chosen && isExecutable(chosen) ? chosen : findProgram(program.names)
  if (found === undefined && installWithApt(program.what, [program.apt])) {
    found = findProgram(program.names)
  }
  if (found !== undefined) return found
  let names = program.names.join(' or ')
  throw new SetupError(`${program.what} is needed (${names}). ${adviceFor(program)}`)
}

/** @param {Program} program */
function adviceFor({ apt, others = {} }) {
  if (process.platform === 'win32') return others.windows || 'Run this inside WSL.'
  for (let [manager, command] of Object.entries(INSTALL)) {
    if (findProgram([manager])) return `Install it with: ${command} ${others[manager] || apt}`
  }
  return 'Install it with your package manager.'
}

/**
 * Returns the path of the first of these programs that is in one of the folders.
 *
 * @param {string[]} names
 * @param {string} [folders] Separated as on the PATH, which is the default
 * @returns {string | undefined}
 */
export function findProgram(names, folders = process.env.PATH || '') {
  let list = folders.split(path.delimiter).filter(Boolean)
  let suffix = process.platform === 'win32' ? '.exe' : ''
  return names
    .flatMap((name) => list.map((folder) => path.join(folder, name + suffix)))
    .find(isExecutable)
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

/**
 * Installs Debian packages, if this is Debian or Ubuntu and no password is needed.
 *
 * @param {string} what What they are to the reader of a message
 * @param {string[]} packages
 * @returns {boolean} Whether they were installed
 */
export function installWithApt(what, packages) {
  let isRoot = process.getuid && process.getuid() === 0
  let asRoot = isRoot ? [] : ['sudo', '-n']
  if (!findProgram(['apt-get']) || (!isRoot && !findProgram(['sudo']))) return false

  console.log(`${what} is missing: installing ${packages.join(', ')} with apt-get …`)
  let [command = '', ...args] = [...asRoot, 'sh', '-c', APT_SCRIPT, 'sh', ...packages]
  let { status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
  })
  if (status !== 0) console.error(`${stdout || ''}${stderr || ''}`)
  return status === 0
}

/**
 * Starts no service, which a package may bring along: whoever wants a server here starts a private
 * one.
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
