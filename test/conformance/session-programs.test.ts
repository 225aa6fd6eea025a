/**
 * Random programs see no difference between a session that was read from Redis and one of Remix's own
 * class, in what they get, in what is stored, and in what the next request reads.
 *
 * `SESSION_PROGRAMS=100000` runs more of them.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { native, type OpenStorage } from '../support/backends.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'
import { damagedTexts } from '../support/session-programs/damaged-texts.ts'
import { Program, programs } from '../support/session-programs/programs.ts'
import { Visit } from '../support/session-programs/visit.ts'

const PROGRAMS = Number(process.env.SESSION_PROGRAMS ?? 3000)
const OPERATIONS = 100_000

let redis: TestRedis
let open: OpenStorage
beforeAll(async () => {
  redis = await startRedis()
  open = await native.create(redis)
})
afterAll(async () => {
  await open.close()
  await redis.stop()
})

/** Runs a program, counting its steps. */
async function run(program: Program, count: () => void): Promise<void> {
  let visit = await Visit.start(open.storage, redis, program.text)
  for (let step of program.steps) {
    try {
      await step.run(visit)
    } catch (error) {
      throw new Error(`at ${step}: ${(error as Error).message}`, { cause: error })
    }
    count()
  }
}

test(
  'programs see no difference',
  async () => {
    let count = 0
    await fc.assert(
      fc.asyncProperty(programs, (program) => run(program, () => count++)),
      { numRuns: PROGRAMS },
    )
    expect(count).toBeGreaterThanOrEqual(OPERATIONS)
  },
  60_000 + 20 * PROGRAMS,
)

test('what JSON.parse refuses is refused, and what it reads is read', async () => {
  let readings = damagedTexts.map((text) => new Program({ text, keys: [] }, []))
  await fc.assert(
    fc.asyncProperty(readings, (program) => run(program, () => {})),
    { numRuns: 1000 },
  )
}, 60_000)
