/** What is special about ioredis: it writes each command to the socket by itself. */
import { Redis } from 'ioredis'
import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { expect, test, vi } from 'vitest'

import { stored, valueOf } from '../support/failure.ts'
import { startRedis } from '../support/redis.ts'

test('commands of a tick are written at once, and its connection is as it was afterwards', async () => {
  let redis = await startRedis()
  let client = new Redis(redis.port)
  let storage = createRedisSessionStorage({ client })
  let ids = await Promise.all(Array.from({ length: 16 }, (_, i) => stored(storage, `${i}`)))
  let written = vi.spyOn(client.stream, '_writev' as any)
  let values = await Promise.all(ids.map((id) => valueOf(storage, id)))

  expect(values).toEqual(Array.from({ length: 16 }, (_, i) => `${i}`))
  // The first read was alone: it did not wait.
  expect(written.mock.calls.map(([chunks]) => (chunks as unknown[]).length)).toEqual([15])
  expect(client.stream.writableCorked).toBe(0)
  client.disconnect()
  await redis.stop()
})
