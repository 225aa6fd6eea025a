/** Runs the Rust tests, and reads from the output how many there were. */
import { spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'

import { environment, filesIn, inRoot, ROOT } from '../project.js'
import { resultOf, sum } from './test-result.js'

/**
 * Runs the tests of the whole workspace, with cargo-nextest if it is installed.
 *
 * @returns {Promise<import('./test-result.js').Result>}
 */
export async function runRustTests() {
  let started = Date.now()
  let options = ['--workspace', '--no-fail-fast']
  let hasNextest = spawnSync('cargo', ['nextest', '--version'], { env: environment() }).status === 0
  let runs = [await runCargo([...(hasNextest ? ['nextest', 'run'] : ['test']), ...options])]
  // They are the one kind of test that nextest leaves out.
  if (hasNextest && hasDocTests()) runs.push(await runCargo(['test', '--doc', ...options]))

  let counts = runs.flatMap(({ output }) => [...nextestCounts(output), ...cargoCounts(output)])
  let isOk = runs.every((run) => run.isOk)
  return resultOf('Rust', started, sum(counts), isOk)
}

/**
 * Reads lines like `Summary [ 1.2s] 5 tests run: 3 passed (1 slow), 1 failed, 1 timed out, 2 skipped`.
 *
 * @param {string} output
 */
function nextestCounts(output) {
  return [...output.matchAll(/^\s*Summary \[.*?\] (\d+)(?:\/\d+)? tests? run: (.*)$/gm)].map(
    ([, run, rest = '']) => {
      let [passed = 0, skipped = 0] = [/(\d+) passed/, /(\d+) skipped/].map((count) =>
        Number((count.exec(rest) || [])[1] || 0),
      )
      return { passed, failed: Number(run) - passed, skipped }
    },
  )
}

/**
 * Reads lines like `test result: ok. 5 passed; 0 failed; 1 ignored; …`, one for each binary.
 *
 * @param {string} output
 */
function cargoCounts(output) {
  let lines = output.matchAll(/^test result: .*? (\d+) passed; (\d+) failed; (\d+) ignored;/gm)
  return [...lines].map(([, passed, failed, skipped]) => ({
    passed: Number(passed),
    failed: Number(failed),
    skipped: Number(skipped),
  }))
}

function hasDocTests() {
  let crates = readdirSync(inRoot('crates')).map((crate) => inRoot(`crates/${crate}/src`))
  return crates
    .flatMap(filesIn)
    .some((file) => /^\s*\/\/[/!].*```/m.test(readFileSync(file, 'utf8')))
}

/**
 * Runs cargo with its output on ours, and gives that output, without colours, to be read.
 *
 * @param {string[]} args
 * @returns {Promise<{ isOk: boolean, output: string }>}
 */
function runCargo(args) {
  return new Promise((resolve) => {
    let env = environment()
    if (process.stdout.isTTY && !env.NO_COLOR) env.CARGO_TERM_COLOR = 'always'
    let output = ''
    let child = spawn('cargo', args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let streams = /** @type {const} */ ([
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ])
    for (let [from, to] of streams) {
      from.on('data', (data) => {
        to.write(data)
        output += data
      })
    }
    child.once('error', () => resolve({ isOk: false, output }))
    child.once('close', (code) => {
      resolve({ isOk: code === 0, output: stripVTControlCharacters(output) })
    })
  })
}
