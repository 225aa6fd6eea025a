/** Values that are too large for a session, or for JavaScript. */
import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'

import { failure, stored, valueOf } from '../support/failure.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

/** V8's longest string is a little shorter, and Redis's longest value a little longer. */
const NO_STRING = 536_870_900

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

function open(maxBytes?: number) {
  let storage = createRedisSessionStorage({ url: redis.url, timeout: 20_000, maxBytes })
  onTestFinished(() => storage.close())
  return storage
}

test.each([
  ['over "maxBytes"', undefined, 100_000_000],
  ['that is too long for a string', 2 ** 29 - 1, Infinity],
])('a value %s fails its own read, and nobody else', async (_, maxBytes, mayGrow) => {
  let storage = open(maxBytes)
  let id = await stored(storage, 'here')
  await redis.side.setRange('session:huge', NO_STRING - 1, 'x')

  let before = process.memoryUsage().rss
  let reads = [valueOf(storage, id), failure(storage.read('huge')), valueOf(storage, id)] as const
  let [first, { error }, second] = await Promise.all(reads)

  expect([first, second]).toEqual(['here', 'here'])
  expect(error.code).toBe('CORRUPT')
  expect(error.message).toContain(String(NO_STRING))
  expect(process.memoryUsage().rss - before).toBeLessThan(mayGrow)
  expect(await valueOf(storage, id)).toBe('here')
  await redis.side.del('session:huge')
})

test('a value of exactly "maxBytes" is read, and one byte more is not', async () => {
  let text = JSON.stringify([{ value: 'ü'.repeat(100_000) }, {}])
  await redis.side.set('session:large', text)

  expect(await valueOf(open(Buffer.byteLength(text)), 'large')).toHaveLength(100_000)
  let { error } = await failure(open(Buffer.byteLength(text) - 1).read('large'))
  expect(error.code).toBe('CORRUPT')
})
