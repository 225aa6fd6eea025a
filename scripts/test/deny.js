/**
 * Checks what is linked into the addon with cargo-deny: licences, sources, duplicates, and known
 * vulnerabilities, for which it fetches a list. `npm run deny -- licenses bans sources` needs none.
 */
import { ensureToolchain } from '../build/toolchain.js'
import { findProgram } from '../programs.js'
import { main, run, SetupError } from '../project.js'

await main(import.meta.url, () => {
  ensureToolchain()
  if (!findProgram(['cargo-deny']) && !run('cargo', ['install', '--locked', 'cargo-deny'])) {
    throw new SetupError('cargo-deny could not be installed: see above.')
  }
  if (!run('cargo', ['deny', 'check', ...process.argv.slice(2)])) process.exitCode = 1
})
