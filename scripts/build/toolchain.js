/** Rust and a linker, without which the addon cannot be built. */
import { readFileSync } from 'node:fs'

import { ensureProgram } from '../programs.js'
import { inRoot, output, SetupError } from '../project.js'

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

/** What to say after a build has failed: an old cargo does not always name its age as the reason. */
export function rustAdvice() {
  let [, wanted] = /^rust-version = "(.+)"/m.exec(readFileSync(inRoot('Cargo.toml'), 'utf8')) || []
  return `It takes Rust ${wanted} or newer; rustup update stable installs the newest.`
}
