/** The event loop gets to its timers, however much comes back from Redis. */
import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { startRedis, type TestRedis } from '../support/redis.ts'

/** Long for a quiet machine, where it is 20 to 50 ms; short beside the seconds without a budget. */
const LONGEST_GAP = 400
const WARM_UP = 500
const DURATION = 2500

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

/** Watches for as long as the test runs; returns the longest time between two timers. */
function watchTimers() {
  let last = performance.now()
  let longest = 0
  let timer = setInterval(() => {
    let now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }, 1)
  return {
    forget: () => (longest = 0),
    stop() {
      clearInterval(timer)
      return longest
    },
  }
}

test.each([
  ['saves', 16, 64_000, false],
  ['reads and saves', 5000, 20, true],
  ['saves', 12, 900_000, false],
  ['reads and saves', 16, 64_000, true],
  ['reads and saves', 12, 900_000, true],
])('while %s go on without a pause: %i at once, of %i bytes', async (_, loops, size, reads) => {
  let storage = createRedisSessionStorage({ url: redis.url, timeout: 10_000 })
  let start = performance.now()
  let timers = watchTimers()
  setTimeout(() => timers.forget(), WARM_UP)

  let counts = await Promise.all(
    Array.from({ length: loops }, async () => {
      let session = await storage.read(null)
      session.set('value', 'x'.repeat(size))
      let id = await storage.save(session)
      let count = 0
      while (performance.now() - start < DURATION) {
        if (reads) session = await storage.read(id)
        session.set('count', ++count)
        expect(await storage.save(session)).toBe(id)
      }
      expect((await storage.read(id)).get('count')).toBe(count)
      return count
    }),
  )

  expect(Math.min(...counts)).toBeGreaterThan(1)
  expect(timers.stop()).toBeLessThan(LONGEST_GAP)
  await storage.close()
})
