/** What CI checks besides the tests: formatting, lints, types, and that generated files are current. */
import { buildAddon, TYPES } from '../build/build.js'
import { installPackages } from '../build/packages.js'
import { setUp } from '../build/setup.js'
import { ensureToolchain } from '../build/toolchain.js'
import { main, output, run, runTool } from '../project.js'

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

/** Recognizes logs and profiles by their names, and binaries because git finds no text in them. */
function onlySourcesAreTracked() {
  let list = (/** @type {string[]} */ ...args) => output('git', [...args, '-z']).split('\0')
  let texts = new Set(list('grep', '--cached', '-I', '--name-only', '-e', ''))
  let junk = list('ls-files').filter((file) => JUNK.test(file) || !texts.has(file))
  for (let file of junk) console.error(`${file} is a log, a profile, a binary, or empty: git rm it`)
  return junk.length === 0
}

const JUNK =
  /\.(log|cpuprofile|heapprofile|heapsnapshot|pid|rdb|aof)$|(^|\/)(core|core\.\d+|callgrind\.out\..*|perf\.data)$/

await main(import.meta.url, () => {
  setUp()
  // Their types are checked, too.
  for (let folder of ['bench', 'test/majors', 'test/package']) installPackages(folder)
  ensureToolchain()
  let failed = CHECKS.filter(([name, check]) => {
    console.log(`\n— ${name}`)
    return !check()
  })
  let names = failed.map(([name]) => name).join(', ')
  console.log(failed.length === 0 ? '\nAll checks passed' : `\nFailed: ${names}`)
  if (failed.length > 0) process.exitCode = 1
})
