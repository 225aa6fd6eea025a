/** What is special about ioredis: it writes each command to the socket by itself. */
import { Redis } from 'ioredis'
import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { expect, test, vi } from 'vitest'

import { stored, valueOf } from '../support/failure.ts'
import { startRedis } from '../support/redis.ts'

test('commands of a tick are written together, but for the first few, and its connection is as it was afterwards', async () => {
  let redis = await startRedis()
  let client = new Redis(redis.port)
  let storage = createRedisSessionStorage({ client })
  let ids = await Promise.all(Array.from({ length: 80 }, (_, i) => stored(storage, `${i}`)))
  let written = vi.spyOn(client.stream, '_writev' as any)
  let values = await Promise.all(ids.map((id) => valueOf(storage, id)))

  expect(values).toEqual(Array.from({ length: 80 }, (_, i) => `${i}`))
  // The first four did not wait, and the others did so for 32 at most.
  expect(written.mock.calls.map(([chunks]) => (chunks as unknown[]).length)).toEqual([32, 32, 12])
  expect(client.stream.writableCorked).toBe(0)
  client.disconnect()
  await redis.stop()
})
