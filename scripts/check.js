/** What CI checks besides the tests: formatting, lints, types, and that what is generated is current. */
import { buildAddon, TYPES } from './build.js'
import { installPackages } from './packages.js'
import { main, run, runTool } from './project.js'
import { setUp } from './setup.js'
import { ensureToolchain } from './toolchain.js'

/** @type {[name: string, check: () => boolean][]} */
const CHECKS = [
  ['prettier', () => runTool('prettier/bin/prettier.cjs', ['--check', '.'])],
  ['rustfmt', () => run('cargo', ['fmt', '--all', '--check'])],
  ['clippy', () => run('cargo', [...CLIPPY, '--', '-D', 'warnings'])],
  ['oxlint', () => runTool('oxlint/bin/oxlint', ['--deny-warnings'])],
  ['types', () => runTool('typescript/bin/tsc', ['--noEmit'])],
  [`${TYPES} is current`, nativeTypesAreCurrent],
]

const CLIPPY = ['clippy', '--workspace', '--all-targets']

/** They are committed so that the wrapper can be read and checked without a Rust toolchain. */
function nativeTypesAreCurrent() {
  buildAddon()
  return (
    run('git', ['diff', '--exit-code', '--', TYPES]) &&
    run('git', ['ls-files', '--error-unmatch', TYPES])
  )
}

await main(import.meta.url, () => {
  setUp()
  // Their types are checked, too.
  for (let folder of ['bench', 'test/package']) installPackages(folder)
  ensureToolchain()
  let failed = []
  for (let [name, check] of CHECKS) {
    console.log(`\n— ${name}`)
    if (!check()) failed.push(name)
  }
  console.log(failed.length === 0 ? '\nAll checks passed' : `\nFailed: ${failed.join(', ')}`)
  if (failed.length > 0) process.exitCode = 1
})
