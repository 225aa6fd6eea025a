/** Clients that put a prefix of their own in front of every key, in scripts as well. */
import { Redis as IoRedis } from 'ioredis'
import { Redis as IoValkey } from 'iovalkey'
import { createClient, createClientPool } from 'redis'
import { createRedisSessionStorage, type ClientOptions } from 'remix-session-storage-redis'
import { expect, test } from 'vitest'

import { startRedis } from '../support/redis.ts'

test.each<[string, (url: string) => Promise<{ client: ClientOptions['client']; end(): void }>]>([
  [
    'ioredis',
    async (url) => {
      let client = new IoRedis(url, { keyPrefix: 'own:' })
      return { client, end: () => client.disconnect() }
    },
  ],
  [
    'iovalkey',
    async (url) => {
      let client = new IoValkey(url, { keyPrefix: 'own:' })
      return { client, end: () => client.disconnect() }
    },
  ],
  [
    'node-redis',
    async (url) => {
      let client = await createClient({ url, keyPrefix: 'own:' }).connect()
      return { client, end: () => client.destroy() }
    },
  ],
  [
    'node-redis, pool',
    async (url) => {
      let client = createClientPool({ url, keyPrefix: 'own:' })
      await client.connect()
      return { client, end: () => client.destroy() }
    },
  ],
])('the own prefix of a client of %s stands in front of every key', async (_, connect) => {
  let redis = await startRedis()
  let { client, end } = await connect(redis.url)
  let storage = createRedisSessionStorage({ client, onConflict: 'merge' })
  let session = await storage.read(null)
  session.set('a', 1)
  let id = await storage.save(session)
  let [one, other] = [await storage.read(id), await storage.read(id)]
  one.set('b', 1)
  other.set('c', 1)
  expect([await storage.save(one), await storage.save(other)]).toEqual([id, id])

  expect((await storage.read(id)).data[0]).toEqual({ a: 1, b: 1, c: 1 })
  expect(await redis.side.keys('*')).toEqual([`own:session:${id}`])
  end()
  await redis.stop()
})
