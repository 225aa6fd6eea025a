/**
 * Counts what the core spends on a command, without a server, and compares it with the figures in
 * `crates/session-store-bench/cost.json`: fails where one has grown by more than a tenth. It counts
 * instructions under valgrind, because times on machines that are shared differ by more than that.
 * `npm run cost -- --update` writes the figures anew.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

import { environment, inRoot, main, ROOT, SetupError } from '../project.js'
import { ensureProgram } from '../system-package.js'
import { ensureToolchain } from '../build/toolchain.js'

const FIGURES = inRoot('crates/session-store-bench/cost.json')
const VERBS = ['load', 'save']
const MAY_GROW = 0.1

/** In the pipelines of `session-store-bench`. */
const COMMANDS = 16
const PIPELINES = 2000

/** The counts are those of this machine language only. */
const TARGET = 'x86_64-unknown-linux-gnu'

await main(import.meta.url, () => {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupError(
      `The figures are of ${TARGET}: run this on Linux with an x86-64 processor.`,
    )
  }
  ensureToolchain()
  let valgrind = ensureValgrind()
  let program = buildProgram()
  let compiler = compilerVersion()
  let instructions = Object.fromEntries(
    VERBS.map((verb) => [verb, instructionsPerCommand(valgrind, program, verb)]),
  )

  if (process.argv.includes('--update')) {
    writeFileSync(FIGURES, `${JSON.stringify({ compiler, instructions }, null, 2)}\n`)
    console.log(`Written to ${FIGURES}: ${JSON.stringify(instructions)}`)
    return
  }
  if (!compare(JSON.parse(readFileSync(FIGURES, 'utf8')), { compiler, instructions })) {
    process.exitCode = 1
  }
})

/** @typedef {{ compiler: string, instructions: Record<string, number> }} Figures */

/**
 * @param {Figures} committed
 * @param {Figures} counted
 * @returns {boolean} Whether all is well
 */
function compare(committed, counted) {
  let grown = VERBS.filter((verb) => {
    let [before = NaN, now = NaN] = [committed.instructions[verb], counted.instructions[verb]]
    let change = now / before - 1
    console.log(
      `${verb}: ${now} instructions per command, ${before} committed ` +
        `(${change < 0 ? '' : '+'}${(change * 100).toFixed(1)} %)`,
    )
    return !(change <= MAY_GROW)
  })
  if (grown.length === 0) return true

  console.error(
    `\nThe core's cost per command has grown by more than ${MAY_GROW * 100} %: ${grown.join(', ')}. ` +
      'If that is worth it, say why in the commit, and commit what `npm run cost -- --update` writes.',
  )
  if (committed.compiler !== counted.compiler) {
    console.error(
      `The committed figures are of ${committed.compiler}; this is ${counted.compiler}.`,
    )
  }
  return false
}

/**
 * What twice as many pipelines cost more: so the start of the program does not count.
 *
 * @param {string} valgrind
 * @param {string} program
 * @param {string} verb
 */
function instructionsPerCommand(valgrind, program, verb) {
  let count = (/** @type {number} */ pipelines) =>
    instructionsOf(valgrind, [program, verb, String(pipelines)])
  return Math.round((count(2 * PIPELINES) - count(PIPELINES)) / PIPELINES / COMMANDS)
}

/**
 * @param {string} valgrind
 * @param {string[]} command
 * @returns {number}
 */
function instructionsOf(valgrind, command) {
  let args = ['--tool=callgrind', '--callgrind-out-file=/dev/null', ...command]
  // Without an environment, which could change the allocator, for one.
  let { stderr, error } = spawnSync(valgrind, args, { env: {}, encoding: 'utf8' })
  let count = Number((/Collected : (\d+)/.exec(stderr) || [])[1])
  if (count > 0) return count
  throw new SetupError(`No instructions were counted: ${error ? error.message : stderr}`)
}

/** @returns {string} Its path */
function buildProgram() {
  let { status, stdout } = spawnSync(
    'cargo',
    [
      ...['build', '--release', '--package', 'session-store-bench'],
      ...['--message-format', 'json-render-diagnostics'],
    ],
    { cwd: ROOT, env: environment(), encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let program = (/"executable":"([^"]+)"/.exec(stdout || '') || [])[1]
  if (status === 0 && program) return program
  throw new SetupError('The program to be counted could not be built: see above.')
}

/** @returns {string} */
function compilerVersion() {
  let { stdout } = spawnSync('rustc', ['--version'], { env: environment(), encoding: 'utf8' })
  return (/^rustc \S+/.exec(stdout || '') || ['an unknown rustc'])[0]
}

function ensureValgrind() {
  return ensureProgram({
    what: 'Valgrind, which counts instructions,',
    programs: ['valgrind'],
    aptPackage: 'valgrind',
    commands: {
      brew: 'brew install valgrind',
      'apt-get': 'sudo apt-get install valgrind',
      dnf: 'sudo dnf install valgrind',
      apk: 'sudo apk add valgrind',
      pacman: 'sudo pacman -S valgrind',
      windows: 'Run this on Linux.',
    },
  })
}
