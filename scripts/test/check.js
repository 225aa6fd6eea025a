/** What CI checks besides the tests: formatting, lints, types, and that what is generated is current. */
import { execFileSync } from 'node:child_process'

import { buildAddon, TYPES } from '../build/build.js'
import { installPackages } from '../build/packages.js'
import { main, ROOT, run, runTool } from '../project.js'
import { setUp } from '../build/setup.js'
import { ensureToolchain } from '../build/toolchain.js'

/** @type {[name: string, check: () => boolean][]} */
const CHECKS = [
  ['prettier', () => runTool('prettier/bin/prettier.cjs', ['--check', '.'])],
  ['rustfmt', () => run('cargo', ['fmt', '--all', '--check'])],
  ['clippy', () => run('cargo', [...CLIPPY, '--', '-D', 'warnings'])],
  ['oxlint', () => runTool('oxlint/bin/oxlint', ['--deny-warnings'])],
  ['types', () => runTool('typescript/bin/tsc', ['--noEmit'])],
  [`${TYPES} is current`, nativeTypesAreCurrent],
  ['only sources are tracked', onlySourcesAreTracked],
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

/** Logs and profiles by their names; binaries because git finds no text in them. */
function onlySourcesAreTracked() {
  let list = (/** @type {string[]} */ ...args) =>
    execFileSync('git', [...args, '-z'], { cwd: ROOT, encoding: 'utf8' })
      .split('\0')
      .filter(Boolean)
  let tracked = list('ls-files')
  let texts = new Set(list('grep', '--cached', '-I', '--name-only', '-e', ''))
  let junk = tracked.filter((file) => JUNK.test(file) || !texts.has(file))
  for (let file of junk) console.error(`${file} is a log, a profile, a binary, or empty: git rm it`)
  return junk.length === 0
}

const JUNK =
  /\.(log|cpuprofile|heapprofile|heapsnapshot|pid|rdb|aof)$|(^|\/)(core|core\.\d+|callgrind\.out\..*|perf\.data)$/

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
