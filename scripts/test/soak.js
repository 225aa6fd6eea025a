/**
 * Has everything fail at random for about ten minutes, or as many seconds as it is told: `npm run test:soak -- 60`. First the
 * deadline and the event loop at a thousand requests a second, with nothing else on the machine; then everything that an app can do
 * with storages, beside the other suites of faults and storages that come and go.
 */
import { setUp } from '../build/setup.js'
import { ensureProgram } from '../programs.js'
import { main, SetupError } from '../project.js'
import { printFailed, runVitest } from './suites.js'

const SECONDS = 600

/** One after the other; files of one run share two processes. */
const RUNS = [
  { files: ['faults/rate'], share: 1 / 20, rounds: 1 },
  {
    files: [
      'faults/soak',
      'topology/cluster-faults',
      'topology/sentinel-faults',
      'integration/life-cycle',
    ],
    // The first file takes it on three topologies, which is most of the time.
    share: 1 / 3,
    rounds: 5,
  },
]

await main(import.meta.url, () => {
  let seconds = Number(process.argv[2] || SECONDS)
  if (!(Number.isInteger(seconds) && seconds > 0)) {
    throw new SetupError('Usage: npm run test:soak -- <seconds>')
  }
  setUp()
  ensureProgram('redis')

  let results = RUNS.map(({ files, share, rounds }) => {
    let variables = {
      FAULT_SECONDS: String(Math.ceil(seconds * share)),
      LIFE_CYCLE_ROUNDS: String(rounds),
    }
    // What was measured is printed without the name of the test before each line.
    let args = [...files.map((file) => `test/${file}.test.ts`), '--disable-console-intercept']
    return runVitest(args, variables)
  })
  let passed = results.reduce((sum, result) => sum + result.passed, 0)
  let failed = results.flatMap((result) => result.failed)
  console.log()
  printFailed(failed)
  console.log(`${passed} passed, ${failed.length} failed`)
  if (failed.length > 0 || results.some(({ passed }) => passed === 0)) process.exitCode = 1
})
