/** What is special about ioredis: it writes each command to the socket by itself, and has states of its own. */
import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { once } from 'node:events'
import { createRedisSessionStorage, type RedisSessionStorage } from 'remix-session-storage-redis'
import { describe, expect, onTestFinished, test, vi } from 'vitest'

import { freePort } from '../../scripts/redis-server.js'
import { ioredis5 } from '../majors/packages.ts'
import { failure, stored, valueOf } from '../support/failure.ts'
import { startProxy } from '../support/proxy.ts'
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

describe.each([
  ['ioredis', (port: number, options: object) => new Redis(port, options)],
  ['ioredis 5', (port: number, options: object) => new ioredis5.Redis(port, options)],
  ['iovalkey', (port: number, options: object) => new Valkey(port, options)],
] as const)('%s: what nobody waits for is not sent later', (_, create) => {
  async function saveInVain(storage: RedisSessionStorage) {
    let { error } = await failure(stored(storage, 'never'))
    expect(error.code).toBe('TIMEOUT')
  }

  test('of a client that connects with its first command', async () => {
    let port = await freePort()
    let client = create(port, { lazyConnect: true })
    client.on('error', () => {})
    onTestFinished(() => client.disconnect())
    await saveInVain(createRedisSessionStorage({ client, timeout: 200 }))
    let redis = await startRedis({ port })
    onTestFinished(redis.stop)
    await client.ping()

    expect(await redis.sessionIds()).toEqual([])
  })

  test('of a client whose connection has just ended', async () => {
    let redis = await startRedis()
    let proxy = await startProxy(redis)
    let client = create(proxy.port, { retryStrategy: () => 500 })
    client.on('error', () => {})
    onTestFinished(async () => {
      client.disconnect()
      await proxy.stop()
      await redis.stop()
    })
    let storage = createRedisSessionStorage({ client, timeout: 200 })
    await storage.ping()
    proxy.cut()
    await once(client.stream, 'end')
    expect(client.status).toBe('ready')
    await saveInVain(storage)
    await client.ping()

    expect(await redis.sessionIds()).toEqual([])
  })
})
