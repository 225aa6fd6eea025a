/** Clients may be set up to answer with bytes, with numbers as strings, and in either version of Redis's protocol. */
import { Decoder, GlideClient, Logger, ProtocolVersion } from '@valkey/valkey-glide'
import { Redis } from 'ioredis'
import { createClient, RESP_TYPES } from 'redis'
import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { ensureValkey } from '../../scripts/other-servers.js'
import { stored, valueOf } from '../support/failure.ts'
import type { OpenClient } from '../support/open-client.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

Logger.setLoggerConfig('off')

const AS_BYTES = {
  [RESP_TYPES.BLOB_STRING]: Buffer,
  [RESP_TYPES.SIMPLE_STRING]: Buffer,
  [RESP_TYPES.NUMBER]: String,
}

async function nodeRedis(url: string, RESP: 2 | 3): Promise<OpenClient> {
  let client = await createClient({ url, RESP }).connect()
  return { client: client.withTypeMapping(AS_BYTES), close: () => client.destroy() }
}

async function glide({ port }: TestRedis, protocol: ProtocolVersion): Promise<OpenClient> {
  let client = await GlideClient.createClient({
    addresses: [{ host: '127.0.0.1', port }],
    protocol,
    defaultDecoder: Decoder.Bytes,
  })
  return { client, close: () => client.close() }
}

function ioredis({ port }: TestRedis, options: object): OpenClient {
  let client = new Redis(port, options)
  return { client, close: () => client.disconnect() }
}

describe.each([
  ['Redis', () => undefined],
  ['Valkey', () => ensureValkey()],
])('on %s', (_, binary) => {
  let redis: TestRedis
  beforeAll(async () => {
    redis = await startRedis({ binary: binary() })
  })
  afterAll(() => redis.stop())

  test.each<[string, (redis: TestRedis) => OpenClient | Promise<OpenClient>]>([
    ['node-redis, bytes, RESP2', ({ url }) => nodeRedis(url, 2)],
    ['node-redis, bytes, RESP3', ({ url }) => nodeRedis(url, 3)],
    ['ioredis, RESP2', (redis) => ioredis(redis, { protocol: 2 })],
    ['ioredis, RESP3', (redis) => ioredis(redis, { protocol: 3 })],
    ['ioredis, numbers as strings', (redis) => ioredis(redis, { stringNumbers: true })],
    ['ioredis, auto-pipelining', (redis) => ioredis(redis, { enableAutoPipelining: true })],
    ['ioredis, friendly stacks', (redis) => ioredis(redis, { showFriendlyErrorStack: true })],
    ['valkey-glide, bytes, RESP2', (redis) => glide(redis, ProtocolVersion.RESP2)],
    ['valkey-glide, bytes, RESP3', (redis) => glide(redis, ProtocolVersion.RESP3)],
  ])('%s', async (_, openClient) => {
    let { client, close } = await openClient(redis)
    let storage = createRedisSessionStorage({ client })
    let id = await stored(storage, 'prémier')
    let [one, other] = [await storage.read(id), await storage.read(id)]
    one.set('one', 1)
    other.set('other', 2)
    expect(await Promise.all([storage.save(one), storage.save(other)])).toEqual([id, id])
    let both = await storage.read(id)
    expect(both.data[0]).toEqual({ value: 'prémier', one: 1, other: 2 })

    both.regenerateId(true)
    expect(await storage.save(both)).toBe(both.id)
    expect(await valueOf(storage, both.id)).toBe('prémier')
    let late = await storage.read(id)
    expect(late.size).toBe(0)
    both.destroy()
    expect(await storage.save(both)).toBe('')
    one.set('late', true)
    expect(await storage.save(one)).toBe(null)

    await redis.side.lPush('session:list', 'x')
    await expect(storage.read('list')).rejects.toMatchObject({ code: 'CORRUPT' })
    close()
  })
})
