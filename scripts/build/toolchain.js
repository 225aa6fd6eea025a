/** Rust and a linker, without which the addon cannot be built. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

import { environment, inRoot, SetupError } from '../project.js'
import { ensureProgram } from '../system-package.js'

/**
 * Finds Rust, which people install with rustup rather than from their system, and a C compiler,
 * which Rust links with and which is installed where that is possible.
 *
 * @throws {SetupError} with the command to run
 */
export function ensureToolchain() {
  let wanted = (/^rust-version = "(.+)"/m.exec(readFileSync(inRoot('Cargo.toml'), 'utf8')) || [])[1]
  let found = cargoVersion()
  if (found === undefined) {
    throw new SetupError(
      'The core is written in Rust, and "cargo" is neither on the PATH nor in ~/.cargo/bin. ' +
        'Install it from https://rustup.rs: ' +
        "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y",
    )
  }
  if (wanted && isOlder(found, wanted)) {
    throw new SetupError(
      `Rust ${wanted} or newer is needed, and "cargo" is ${found}. Run: rustup update stable ` +
        '(rustup comes from https://rustup.rs; a Rust of the operating system may be too old)',
    )
  }
  if (process.platform === 'win32') return
  ensureProgram({
    what: 'A C compiler',
    programs: ['cc', 'gcc', 'clang'],
    aptPackage: 'build-essential',
    commands: {
      brew: 'xcode-select --install',
      'apt-get': 'sudo apt-get install build-essential',
      dnf: 'sudo dnf install gcc',
      apk: 'sudo apk add build-base',
      pacman: 'sudo pacman -S base-devel',
    },
  })
}

/** @returns {string | undefined} */
function cargoVersion() {
  let { stdout } = spawnSync('cargo', ['--version'], { env: environment(), encoding: 'utf8' })
  return (/^cargo (\d+\.\d+\S*)/.exec(stdout || '') || [])[1]
}

/**
 * @param {string} version
 * @param {string} other
 */
function isOlder(version, other) {
  let [major = 0, minor = 0] = version.split('.').map(Number)
  let [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number)
  return major < otherMajor || (major === otherMajor && minor < otherMinor)
}
