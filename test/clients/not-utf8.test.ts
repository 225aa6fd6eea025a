/** Bytes that are not UTF-8, of which a client makes a text that Redis does not hold. */
import { Redis } from 'ioredis'
import { createClient, RESP_TYPES } from 'redis'
import { createRedisSessionStorage, type ClientOptions } from 'remix-session-storage-redis'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { failure } from '../support/failure.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

test.each<[string, () => Promise<[client: ClientOptions['client'], close: () => void]>]>([
  [
    'node-redis, bytes',
    async () => {
      let client = createClient({ url: redis.url })
      await client.connect()
      let typeMapping = { [RESP_TYPES.BLOB_STRING]: Buffer }
      return [client.withTypeMapping(typeMapping), () => client.destroy()]
    },
  ],
  [
    'ioredis, strings',
    async () => {
      let client = new Redis(redis.port)
      return [client, () => client.disconnect()]
    },
  ],
])('over %s, they are not compared again and again until the deadline', async (_, open) => {
  await redis.side.sendCommand(['SET', 'session:bad', Buffer.from('[{"a":"\xff"},{}]', 'latin1')])
  let [client, close] = await open()
  let storage = createRedisSessionStorage({ client, timeout: 1000 })
  let commands = await redis.commandsDuring(async () => {
    let { error } = await failure(
      storage.read('bad').then((session) => {
        session.set('b', 1)
        return storage.save(session)
      }),
    )
    expect.soft(error.code).toBe('CORRUPT')
  })
  close()

  expect(commands.length).toBeLessThan(15)
})
