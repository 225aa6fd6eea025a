/** A client may be a pool of connections, and send each command over whichever of them is free. */
import { createSession } from '@remix-run/session'
import type { RedisSessionStorage } from 'remix-session-storage-redis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'

import { nodeRedisPool, type OpenStorage } from '../support/backends.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

let redis: TestRedis
let open: OpenStorage
let storage: RedisSessionStorage
beforeAll(async () => {
  redis = await startRedis()
})
beforeEach(async () => {
  open = await nodeRedisPool.create(redis, { onConflict: 'overwrite' })
  storage = open.storage
})
afterEach(() => open.close())
afterAll(() => redis.stop())

/** Large enough that sending it takes longer than other commands do. */
const FILLER = 'x'.repeat(100_000)

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

function begun(count: number) {
  let session = createSession()
  session.set('count', count)
  return session
}
