/** Faults at random, and users who count in sessions meanwhile. */
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

/** Milliseconds between two faults. */
const PAUSE = 100

/** How long a test of it may take, in milliseconds. */
export const FAULTS_TIMEOUT = 120_000 + SECONDS * 1000

/** Has things fail one after the other. `FAULT_SEED` has the same things fail again. */
export function randomFaults(redis: Breakable, longest: number) {
  let seed = Number(process.env['FAULT_SEED'] ?? Date.now() % 2 ** 31)
  console.log(`FAULT_SEED=${seed}`)
  let endless = fc.infiniteStream(faultsOf(redis, longest), { noHistory: true })
  let [faults] = fc.sample(endless, { seed, numRuns: 1 })
  return {
    /**
     * Has things fail for so many seconds, and mends what is broken then.
     *
     * @param early rejects if there is no sense in going on
     */
    async during(seconds: number, early: Promise<unknown>[] = []): Promise<void> {
      let end = performance.now() + 1000 * seconds
      while (performance.now() < end) {
        await redis.suffer(faults!.next().value).catch(() => {})
        await Promise.race([sleep(PAUSE), ...early])
      }
      await redis.recover()
    },
  }
}

/**
 * Has 64 users count, each in their own session, while things fail, and for a while after that. Each request ends in time, and
 * nobody gets the session of another.
 *
 * @param timeout that of the storage
 * @param longest how many milliseconds a fault lasts at most
 */
export async function surviveFaults(
  start: () => Promise<{ redis: Breakable; storage: RedisSessionStorage }>,
  { timeout, longest }: { timeout: number; longest: number },
): Promise<void> {
  let thrown = collectThrown()
  let { redis, storage } = await start()
  let { refusals } = redis
  let ids = await Promise.all(Array.from({ length: 64 }, () => stored(storage, 0)))
  let visitors = ids.map((id, name) =>
    startCountingVisitor(storage, { id, name, timeout, refusals }),
  )
  await randomFaults(redis, longest).during(
    SECONDS,
    visitors.map(({ done }) => done),
  )
  let mended = performance.now()
  await sleep(2 * timeout)
  await Promise.all(visitors.map((visitor) => visitor.stop()))

  for (let { successes } of visitors) expect(successes.at(-1)).toBeGreaterThan(mended)
  expect(thrown).toEqual([])
}
