/**
 * Counts what the core spends on a command, without a server, and on scanning sessions, and compares it
 * with the figures in `crates/session-store-bench/cost.json`: fails if one has grown by more than a
 * tenth. It counts instructions under Valgrind, because times on shared machines vary by more than that.
 * Text that is not ASCII is checked with AVX2 if the CPU has it, as it does where the figures are from.
 * `npm run cost -- --update` writes new figures.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

import { ensureToolchain } from '../build/toolchain.js'
import { ensureProgram } from '../programs.js'
import { inRoot, main, output, SetupError } from '../project.js'

const FIGURES = inRoot('crates/session-store-bench/cost.json')
const MAY_GROW = 0.1

/** What `session-store-bench` can do: commands, and scanning sessions of some shape. */
const COUNTED = ['load', 'save', 'scan cart', 'scan keys', 'scan text']
const ROUNDS = 500

await main(import.meta.url, () => {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupError('The figures are for x86-64 Linux: run this there.')
  }
  ensureToolchain()
  let program = buildProgram()
  let compiler = output('rustc', ['--version']).split(' ', 2).join(' ')
  let counts = COUNTED.map((what) => countPerUnit(program, what))
  /** @type {Figures} */
  let counted = {
    compiler,
    instructions: Object.fromEntries(counts.map(({ what, instructions }) => [what, instructions])),
  }

  if (process.argv.includes('--update')) {
    writeFileSync(FIGURES, `${JSON.stringify(counted, null, 2)}\n`)
    console.log(`Written to ${FIGURES}: ${JSON.stringify(counted.instructions)}`)
  } else {
    compare(JSON.parse(readFileSync(FIGURES, 'utf8')), compiler, counts)
  }
})

/** @typedef {{ compiler: string, instructions: Record<string, number> }} Figures */
/** @typedef {{ what: string, unit: string, instructions: number }} Count */

/**
 * @param {Figures} committed
 * @param {string} compiler
 * @param {Count[]} counts
 * @throws {SetupError} if a figure has grown
 */
function compare(committed, compiler, counts) {
  let grown = counts.filter(({ what, unit, instructions }) => {
    let { [what]: before = NaN } = committed.instructions
    let percent = (instructions / before - 1) * 100
    let change = `${percent < 0 ? '' : '+'}${percent.toFixed(1)} %`
    console.log(
      `${what}: ${instructions} instructions per ${unit}, ${before} committed (${change})`,
    )
    return !(percent <= MAY_GROW * 100)
  })
  if (grown.length === 0) return

  let names = grown.map(({ what }) => what).join(', ')
  throw new SetupError(
    `The core's cost has grown by more than ${MAY_GROW * 100} %: ${names}. ` +
      'If that is worth it, say why in the commit, and commit what `npm run cost -- --update` writes. ' +
      `The committed figures are for ${committed.compiler}, and this is ${compiler}.`,
  )
}

/**
 * Counts what each further round costs, which leaves out the start of the program.
 *
 * @param {string} program
 * @param {string} what
 * @returns {Count}
 */
function countPerUnit(program, what) {
  let once = count(program, what, ROUNDS)
  let twice = count(program, what, 2 * ROUNDS)
  let [amount, unit = ''] = once.printed.split(' ')
  let perRound = (twice.instructions - once.instructions) / ROUNDS
  return { what, unit, instructions: Math.round(perRound / Number(amount)) }
}

/**
 * @param {string} program
 * @param {string} what
 * @param {number} rounds
 */
function count(program, what, rounds) {
  let args = ['--tool=callgrind', '--callgrind-out-file=/dev/null', program, what, String(rounds)]
  // Without an environment, which could change the allocator, for one.
  let options = { env: {}, encoding: /** @type {const} */ ('utf8') }
  let { stdout, stderr } = spawnSync(ensureProgram('valgrind'), args, options)
  let [, instructions] = /Collected : (\d+)/.exec(stderr) || []
  if (instructions === undefined) throw new SetupError(`No instructions were counted: ${stderr}`)
  return { instructions: Number(instructions), printed: stdout.trim() }
}

/** @returns {string} Its path */
function buildProgram() {
  let options = ['--release', '--package', 'session-store-bench', '--message-format', 'json']
  let [, program] = /"executable":"([^"]+)"/.exec(output('cargo', ['build', ...options])) || []
  if (program) return program
  throw new SetupError('cargo did not say where the program is that it has built.')
}
