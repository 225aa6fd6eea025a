/**
 * Counts what the core spends on a command, without a server, and compares it with the figures in
 * `crates/session-store-bench/cost.json`: fails if one has grown by more than a tenth. It counts
 * instructions under Valgrind, because times on shared machines vary by more than that.
 * `npm run cost -- --update` writes new figures.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

import { ensureToolchain } from '../build/toolchain.js'
import { ensureProgram } from '../programs.js'
import { inRoot, main, output, SetupError } from '../project.js'

const FIGURES = inRoot('crates/session-store-bench/cost.json')
const VERBS = ['load', 'save']
const MAY_GROW = 0.1

/** In the pipelines of `session-store-bench`. */
const COMMANDS = 16
const PIPELINES = 2000

await main(import.meta.url, () => {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupError('The figures are for x86-64 Linux: run this there.')
  }
  ensureToolchain()
  let program = buildProgram()
  let compiler = output('rustc', ['--version']).split(' ', 2).join(' ')
  let counts = VERBS.map((verb) => [verb, instructionsPerCommand(program, verb)])
  /** @type {Figures} */
  let counted = { compiler, instructions: Object.fromEntries(counts) }

  if (process.argv.includes('--update')) {
    writeFileSync(FIGURES, `${JSON.stringify(counted, null, 2)}\n`)
    console.log(`Written to ${FIGURES}: ${JSON.stringify(counted.instructions)}`)
  } else {
    compare(JSON.parse(readFileSync(FIGURES, 'utf8')), counted)
  }
})

/** @typedef {{ compiler: string, instructions: Record<string, number> }} Figures */

/**
 * @param {Figures} committed
 * @param {Figures} counted
 * @throws {SetupError} if a figure has grown
 */
function compare(committed, counted) {
  let grown = VERBS.filter((verb) => {
    let [before = NaN, now = NaN] = [committed.instructions[verb], counted.instructions[verb]]
    let percent = (now / before - 1) * 100
    let change = `${percent < 0 ? '' : '+'}${percent.toFixed(1)} %`
    console.log(`${verb}: ${now} instructions per command, ${before} committed (${change})`)
    return !(percent <= MAY_GROW * 100)
  })
  if (grown.length === 0) return

  throw new SetupError(
    `The core's cost per command has grown by more than ${MAY_GROW * 100} %: ${grown.join(', ')}. ` +
      'If that is worth it, say why in the commit, and commit what `npm run cost -- --update` writes. ' +
      `The committed figures are for ${committed.compiler}, and this is ${counted.compiler}.`,
  )
}

/**
 * Returns what each further pipeline costs, which leaves out the start of the program.
 *
 * @param {string} program
 * @param {string} verb
 */
function instructionsPerCommand(program, verb) {
  let [once = 0, twice = 0] = [1, 2].map((times) =>
    instructionsOf([program, verb, String(times * PIPELINES)]),
  )
  return Math.round((twice - once) / PIPELINES / COMMANDS)
}

/** @param {string[]} command */
function instructionsOf(command) {
  let args = ['--tool=callgrind', '--callgrind-out-file=/dev/null', ...command]
  // Without an environment, which could change the allocator, for one.
  let { stderr } = spawnSync(ensureProgram('valgrind'), args, { env: {}, encoding: 'utf8' })
  let [, count] = /Collected : (\d+)/.exec(stderr) || []
  if (count === undefined) throw new SetupError(`No instructions were counted: ${stderr}`)
  return Number(count)
}

/** @returns {string} Its path */
function buildProgram() {
  let options = ['--release', '--package', 'session-store-bench', '--message-format', 'json']
  let [, program] = /"executable":"([^"]+)"/.exec(output('cargo', ['build', ...options])) || []
  if (program) return program
  throw new SetupError('cargo did not say where the program is that it has built.')
}
