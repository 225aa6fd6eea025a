/**
 * Looks for texts that the core's scanner misjudges, for replies that its parser does, and for those that reach somebody else,
 * for a quarter of a minute each, or for as long as it is told: `npm run fuzz -- 600` is ten minutes each. It starts from
 * what is committed, and from what it found worth keeping in earlier runs on this machine.
 */
import { mkdirSync, readdirSync, statSync } from 'node:fs'

import { ensureCargoTool } from '../build/toolchain.js'
import { ensureProgram } from '../programs.js'
import { inRoot, main, run, SetupError } from '../project.js'

const SECONDS = 15

const FOLDER = 'crates/session-store/fuzz'
const BUILD = 'target/fuzz'

/** What is looked into: texts of sessions, what a server says, and whom that reaches. */
const TARGETS = ['record', 'replies', 'in_flight']

await main(import.meta.url, () => {
  let seconds = Number(process.argv[2] || SECONDS)
  if (!(Number.isInteger(seconds) && seconds > 0)) {
    throw new SetupError('Usage: npm run fuzz -- <seconds>')
  }
  let fuzz = ensureCargoTool('cargo-fuzz')
  if (process.platform !== 'win32') ensureProgram('cplusplus')
  for (let target of TARGETS) look(fuzz, target, seconds)
})

/**
 * @param {string} fuzz The path of cargo-fuzz
 * @param {string} target
 * @param {number} seconds
 */
function look(fuzz, target, seconds) {
  let kept = inRoot(`${BUILD}/corpus/${target}`)
  let misjudged = `${FOLDER}/artifacts/${target}`
  for (let folder of [kept, inRoot(misjudged)]) mkdirSync(folder, { recursive: true })
  let options = [
    ...['--fuzz-dir', inRoot(FOLDER), '--target-dir', inRoot(BUILD)],
    // A sanitizer has little to find here, and costs most of the speed.
    ...['--sanitizer', 'none', target],
  ]
  // What is found is added to the first corpus.
  let corpora = [kept, inRoot(`${FOLDER}/corpus/${target}`)]
  // What has a few blocks has all that matters, and more of it can be tried.
  let limits = [
    `-max_total_time=${seconds}`,
    '-max_len=400',
    '-timeout=10',
    '-verbosity=0',
    '-print_funcs=0',
  ]

  let start = Date.now()
  // cargo-fuzz sets flags that only a nightly compiler takes, or one that is told to be one.
  let variables = { RUSTC_BOOTSTRAP: '1' }
  if (run(fuzz, ['run', ...options, ...corpora, '--', ...limits], variables)) return

  // One that an earlier run had found, too, is written to the same file again.
  let found = readdirSync(inRoot(misjudged))
    .map((file) => `${misjudged}/${file}`)
    .filter((file) => statSync(inRoot(file)).mtimeMs >= start)
  throw new SetupError(
    found.length === 0
      ? 'Fuzzing failed: see above.'
      : `Something is misjudged: ${found.join(', ')}. ` +
          'Add it to the corpus, with a name that says what is special about it.',
  )
}
