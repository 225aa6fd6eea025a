/**
 * Looks for texts that the core's scanner misjudges, for half a minute, or for as long as it is told:
 * `npm run fuzz -- 600` is ten minutes. It starts from the texts that are committed, and from those that
 * it found worth keeping in earlier runs on this machine.
 */
import { mkdirSync, readdirSync, statSync } from 'node:fs'

import { ensureCargoTool } from '../build/toolchain.js'
import { ensureProgram } from '../programs.js'
import { inRoot, main, run, SetupError } from '../project.js'

const SECONDS = 30

const FOLDER = 'crates/session-store/fuzz'
const COMMITTED = inRoot(`${FOLDER}/corpus/record`)
const MISJUDGED = `${FOLDER}/artifacts/record`
const BUILD = inRoot('target/fuzz')
const KEPT = inRoot('target/fuzz/corpus/record')

const TARGET = [
  ...['--fuzz-dir', inRoot(FOLDER), '--target-dir', BUILD],
  // A sanitizer has little to find here, and costs most of the speed.
  ...['--sanitizer', 'none', 'record'],
]

await main(import.meta.url, () => {
  let seconds = Number(process.argv[2] || SECONDS)
  if (!(Number.isInteger(seconds) && seconds > 0)) {
    throw new SetupError('Usage: npm run fuzz -- <seconds>')
  }
  let fuzz = ensureCargoTool('cargo-fuzz')
  if (process.platform !== 'win32') ensureProgram('cplusplus')
  for (let folder of [KEPT, inRoot(MISJUDGED)]) mkdirSync(folder, { recursive: true })
  // What is found is added to the first corpus.
  let corpora = [KEPT, COMMITTED]
  // A text of a few blocks has all that matters, and more of them can be tried.
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
  if (run(fuzz, ['run', ...TARGET, ...corpora, '--', ...limits], variables)) return

  // One that an earlier run had found, too, is written to the same file again.
  let found = readdirSync(inRoot(MISJUDGED))
    .map((file) => `${MISJUDGED}/${file}`)
    .filter((file) => statSync(inRoot(file)).mtimeMs >= start)
  throw new SetupError(
    found.length === 0
      ? 'Fuzzing failed: see above.'
      : `The scanner misjudges a text: ${found.join(', ')}. ` +
          'Add it to the corpus, with a name that says what is special about it.',
  )
})
