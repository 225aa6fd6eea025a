/** Large sessions on a server that does not compare: their texts are staged beside them. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { RedisSessionStorage } from 'remix-session-storage-redis'

import { native } from '../support/backends.ts'
import { failure, stored, valueOf } from '../support/failure.ts'
import { startProxy } from '../support/proxy.ts'
import { startRedis, tested, type TestRedis } from '../support/redis.ts'

const LARGE = 'x'.repeat(10_000)
const REQUESTS = 200

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

async function opened(to = redis): Promise<RedisSessionStorage> {
  let options = { onConflict: 'merge', timeout: 10_000, ttl: 1000 } as const
  let { storage, close } = await native.create(to, options)
  onTestFinished(close)
  return storage
}

/** Makes the requests at once, in turn over each of the storages, and expects what all of them have set. */
async function count(storages: RedisSessionStorage[]): Promise<void> {
  let id = await stored(storages[0]!, LARGE)
  await Promise.all(
    Array.from({ length: REQUESTS }, async (_, index) => {
      let storage = storages[index % storages.length]!
      let session = await storage.read(id)
      session.set(`key-${index}`, index)
      expect(await storage.save(session)).toBe(id)
    }),
  )
  let [values] = JSON.parse((await redis.side.get(`session:${id}`))!)
  let keys = Array.from({ length: REQUESTS }, (_, index) => [`key-${index}`, index])
  expect(values).toEqual({ value: LARGE, ...Object.fromEntries(keys) })
  expect(await redis.side.ttl(`session:${id}`)).toBeGreaterThan(990)
}

test('two hundred requests over two connections keep each other’s changes', async () => {
  await count([await opened(), await opened()])
  expect(await redis.side.keys('session:gone:*')).toEqual([])
})

test('so do requests over connections that break', async () => {
  let proxy = await startProxy(redis)
  onTestFinished(() => proxy.stop())
  let behind = await opened({ ...redis, port: proxy.port, url: proxy.url })
  let cuts = setInterval(() => proxy.cut(), 10)
  try {
    await count([await opened(), behind])
  } finally {
    clearInterval(cuts)
  }
})

test.each([
  ['OOM', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0'], /OOM/],
  ['READONLY', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE'], /READONLY/],
  // Redis words it so within a script, and before 7.0 without a code.
  [
    tested.name === 'Redis 6.2' ? undefined : 'ERR',
    ['ACL', 'SETUSER', 'default', '-rename'],
    ['ACL', 'SETUSER', 'default', '+@all'],
    /\+rename/,
  ],
])('a save that Redis refuses fails with %s', async (reply, refuse, admit, message) => {
  // Connections that break may have left staged texts, for a minute.
  await redis.side.flushAll()
  let storage = await opened()
  let id = await stored(storage, LARGE)
  let session = await storage.read(id)
  session.set('a', 1)
  await redis.side.sendCommand(refuse)
  let { error } = await failure(storage.save(session)).finally(() => redis.side.sendCommand(admit))
  expect(error).toMatchObject({ code: 'REDIS', reply, message: expect.stringMatching(message) })
  expect(await redis.side.keys('session:gone:*')).toEqual([])

  let later = await opened()
  await later.save(session)
  expect(await valueOf(later, id)).toBe(LARGE)
  expect((await later.read(id)).get('a')).toBe(1)
})
