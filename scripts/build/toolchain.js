/** Rust and a linker, without which the addon cannot be built. */
import { readFileSync } from 'node:fs'
import path from 'node:path'

import { ensureProgram, findProgram } from '../programs.js'
import { inRoot, output, run, SetupError } from '../project.js'

const CARGO_TOOLS = inRoot('target/tools')

/**
 * Makes sure that there is a `cargo`, which people install with rustup rather than from their system,
 * and a C compiler, which Rust links with.
 *
 * @throws {SetupError} with the command to run
 */
export function ensureToolchain() {
  try {
    output('cargo', ['--version'])
  } catch {
    throw new SetupError(
      'The core is written in Rust, and "cargo" is neither on the PATH nor in ~/.cargo/bin. ' +
        'Install it from https://rustup.rs: ' +
        "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y",
    )
  }
  if (process.platform !== 'win32') ensureProgram('compiler')
}

/**
 * Returns the path of a tool such as `cargo-deny`, which is installed into the checkout if it is not on
 * the PATH.
 *
 * @param {string} name
 * @returns {string}
 * @throws {SetupError} if it could not be installed
 */
export function ensureCargoTool(name) {
  ensureToolchain()
  let folders = [process.env.PATH || '', path.join(CARGO_TOOLS, 'bin')].join(path.delimiter)
  let find = () => findProgram([name], folders)
  if (!find()) {
    console.log(`${name} is missing: installing it into target/tools …`)
    // Without optimizations, that takes less than half the time.
    run('cargo', ['install', '--locked', '--debug', '--root', CARGO_TOOLS, name])
  }
  let found = find()
  if (found) return found
  throw new SetupError(`${name} could not be installed: see above.`)
}

/** What to say after a build has failed: an old cargo does not always name its age as the reason. */
export function rustAdvice() {
  let [, wanted] = /^rust-version = "(.+)"/m.exec(readFileSync(inRoot('Cargo.toml'), 'utf8')) || []
  return `It takes Rust ${wanted} or newer; rustup update stable installs the newest.`
}
