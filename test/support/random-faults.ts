/** Users who count in sessions while things fail at random. */
import { setTimeout as sleep } from 'node:timers/promises'

import fc from 'fast-check'
import type { RedisSessionStorage } from 'remix-session-storage-redis'
import { expect } from 'vitest'

import { faultsOf, type Breakable } from './breakable.ts'
import { startCountingVisitor } from './counting-visitor.ts'
import { stored } from './failure.ts'
import { collectThrown } from './thrown.ts'

/** How long things fail; more than in CI by `FAULT_SECONDS`. */
const SECONDS = Number(process.env['FAULT_SECONDS'] ?? 10)

/** How long a test of it may take, in milliseconds. */
export const FAULTS_TIMEOUT = 120_000 + SECONDS * 1000

/**
 * Has 64 users count, each in their own session, while things fail, and for a while after that. Each request ends in time, and
 * nobody gets the session of another. `FAULT_SEED` has the same faults again.
 *
 * @param timeout that of the storage
 * @param longest how many milliseconds a fault lasts at most
 */
export async function surviveFaults(
  start: () => Promise<{ redis: Breakable; storage: RedisSessionStorage }>,
  { timeout, longest }: { timeout: number; longest: number },
): Promise<void> {
  let seed = Number(process.env['FAULT_SEED'] ?? Date.now() % 2 ** 31)
  console.log(`FAULT_SEED=${seed}`)
  let thrown = collectThrown()
  let { redis, storage } = await start()
  let { refusals } = redis
  let ids = await Promise.all(Array.from({ length: 64 }, () => stored(storage, 0)))
  let visitors = ids.map((id, name) =>
    startCountingVisitor(storage, { id, name, timeout, refusals }),
  )
  // No more than ten a second, because of the pause.
  let schedule = fc.sample(faultsOf(redis, longest), { seed, numRuns: 10 * SECONDS + 1 })
  let end = performance.now() + SECONDS * 1000
  while (performance.now() < end) {
    await redis.suffer(schedule.shift()!).catch(() => {})
    await Promise.race([sleep(100), ...visitors.map(({ done }) => done)])
  }
  await redis.recover()
  let mended = performance.now()
  await sleep(2 * timeout)
  await Promise.all(visitors.map((visitor) => visitor.stop()))

  for (let { successes } of visitors) expect(successes.at(-1)).toBeGreaterThan(mended)
  expect(thrown).toEqual([])
}
