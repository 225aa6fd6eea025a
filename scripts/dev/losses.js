/**
 * Measures what is lost when another server becomes the primary of a cluster or behind sentinels, although Redis had acknowledged
 * it: five rounds of each way, about seven minutes, or as many as it is told: `npm run losses -- 1`.
 * docs/decisions/what-replication-loses.md has what came out.
 */
import { setUp } from '../build/setup.js'
import { ensureProgram } from '../programs.js'
import { main, SetupError, supervise } from '../project.js'

const ROUNDS = 5

await main(import.meta.url, async () => {
  let rounds = Number(process.argv[2] || ROUNDS)
  if (!(Number.isInteger(rounds) && rounds > 0)) {
    throw new SetupError('Usage: npm run losses -- <rounds>')
  }
  setUp()
  ensureProgram('redis')
  process.exitCode = await supervise(['test/replication/main.ts', String(rounds)])
})
