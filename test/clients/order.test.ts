/**
 * What is done to one session is done in the order of the calls, also over a pool of connections, each command of which
 * goes over whichever is free, and over valkey-glide, which lets some commands overtake others.
 */
import { createSession } from '@remix-run/session'
import { createClient } from 'redis'
import { createRedisSessionStorage, type RedisSessionStorage } from 'remix-session-storage-redis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { backends, type OpenStorage } from '../support/backends.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

/** Large enough that sending it takes longer than other commands do. */
const FILLER = 'x'.repeat(100_000)

describe.each(backends)('over $name', (backend) => {
  let open: OpenStorage
  let storage: RedisSessionStorage
  beforeEach(async () => {
    await redis.side.flushAll()
    open = await backend.create(redis, { onConflict: 'overwrite', timeout: 10_000 })
    storage = open.storage
  })
  afterEach(() => open.close())

  test('no save overtakes a logout that came after it', async () => {
    await Promise.all(
      Array.from({ length: 300 }, async () => {
        let session = createSession()
        session.set('filler', FILLER)
        let saved = storage.save(session)
        session.destroy()
        await Promise.all([saved, storage.save(session)])
      }),
    )

    expect(await redis.sessionIds()).toEqual([])
  })

  test('no save overtakes a later one, and a read sees the saves before it', async () => {
    await Promise.all(
      Array.from({ length: 100 }, async () => {
        let id = await storage.save(begun(0))
        let session = await storage.read(id)
        let results: Promise<unknown>[] = []
        for (let count = 1; count <= 3; count++) {
          session.set('count', count)
          session.set('filler', FILLER.slice(count * 30_000))
          results.push(storage.save(session))
        }
        expect((await storage.read(id)).get('count')).toBe(3)
        await Promise.all(results)
      }),
    )
  })
})

test('a client of node-redis that sends the last command first does not do so with those of sessions', async () => {
  await redis.side.flushAll()
  let client = createClient({ url: redis.url })
  await client.connect()
  let storage = createRedisSessionStorage({ client: client.asap(), onConflict: 'overwrite' })
  let session = begun(0)
  let saved = storage.save(session)
  session.destroy()
  await Promise.all([saved, storage.save(session)])
  client.destroy()

  expect(await redis.sessionIds()).toEqual([])
})

function begun(count: number) {
  let session = createSession()
  session.set('count', count)
  return session
}
