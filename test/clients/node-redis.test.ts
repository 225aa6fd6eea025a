/** What is special about node-redis: it keeps commands in a queue of its own where its socket is full. */
import { createClient } from 'redis'
import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { expect, onTestFinished, test } from 'vitest'

import { redis5 } from '../majors/packages.ts'
import { failure, stored } from '../support/failure.ts'
import { openNodeRedis } from '../support/open-client.ts'
import { startRedis } from '../support/redis.ts'

/** More than the buffers between a client and a server hold. */
const SESSIONS = 40
const FILLER = 'x'.repeat(500_000)

test.each([
  ['5', (url: string) => openNodeRedis(redis5.createClient({ url }))],
  ['6', (url: string) => openNodeRedis(createClient({ url }))],
] as const)(
  'node-redis %s: what a server that hung has not taken is not sent to it when it starts again',
  async (_, openAt) => {
    let redis = await startRedis()
    let { client, close } = await openAt(redis.url)
    onTestFinished(async () => {
      close()
      await redis.stop()
    })
    let storage = createRedisSessionStorage({ client, timeout: 500 })
    await storage.ping()
    process.kill(redis.pid, 'SIGSTOP')
    let saves = Array.from({ length: SESSIONS }, () => failure(stored(storage, FILLER)))
    for (let { error } of await Promise.all(saves)) expect(error.code).toBe('TIMEOUT')
    process.kill(redis.pid, 'SIGKILL')
    await redis.stop()
    redis = await startRedis({ port: redis.port })
    // Behind all that the client would send.
    await createRedisSessionStorage({ client, timeout: 10_000 }).read('id')

    expect(await redis.sessionIds()).toEqual([])
  },
)
