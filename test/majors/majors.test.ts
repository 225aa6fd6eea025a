/** Clients of other majors and makers than those with which all suites run, without a cast. */
import { Redis as Upstash } from '@upstash/redis'
import { Redis } from 'ioredis-5'
import * as redis4 from 'redis-4'
import * as redis5 from 'redis-5'
import { createRedisSessionStorage, type ClientOptions } from '../../dist/index.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { checkContract } from '../support/contract.ts'
import { failure, SLACK, stored, valueOf } from '../support/failure.ts'
import type { OpenClient } from '../support/open-client.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'
import { startUpstashBridge, type UpstashBridge } from '../support/upstash-bridge.ts'

const TIMEOUT = 500

let redis: TestRedis
let bridge: UpstashBridge
beforeAll(async () => {
  redis = await startRedis()
  bridge = await startUpstashBridge(redis.url)
})
afterAll(async () => {
  await bridge.stop()
  await redis.stop()
})

const clients: [string, () => Promise<OpenClient>][] = [
  [
    'node-redis 4',
    async () => {
      let client = redis4.createClient({ url: redis.url })
      client.on('error', () => {})
      await client.connect()
      return { client, close: () => void client.disconnect() }
    },
  ],
  [
    'client.v4 of node-redis 4 in legacy mode',
    async () => {
      let client = redis4.createClient({ url: redis.url, legacyMode: true })
      client.on('error', () => {})
      await client.connect()
      return { client: client.v4 as ClientOptions['client'], close: () => void client.disconnect() }
    },
  ],
  [
    'node-redis 5',
    async () => {
      let client = redis5.createClient({ url: redis.url })
      client.on('error', () => {})
      await client.connect()
      return { client, close: () => client.destroy() }
    },
  ],
  [
    'node-redis 5, pool',
    async () => {
      let client = redis5.createClientPool({ url: redis.url })
      client.on('error', () => {})
      await client.connect()
      return { client, close: () => client.destroy() }
    },
  ],
  [
    'ioredis 5',
    async () => {
      let client = new Redis(redis.port)
      client.on('error', () => {})
      return { client, close: () => client.disconnect() }
    },
  ],
  [
    'ioredis 5, auto-pipelining',
    async () => {
      let client = new Redis(redis.port, { enableAutoPipelining: true })
      client.on('error', () => {})
      return { client, close: () => client.disconnect() }
    },
  ],
  ['@upstash/redis', async () => ({ client: openUpstash(), close() {} })],
]

function openUpstash(options = {}) {
  let { url, token } = bridge
  return new Upstash({ url, token, automaticDeserialization: false, retry: false, ...options })
}

describe.each(clients)('over %s', (_, openClient) => {
  test.each(['overwrite', 'merge'] as const)('keeps the contract, %s', async (onConflict) => {
    let { client, close } = await openClient()
    let storage = createRedisSessionStorage({ client, onConflict, timeout: 10_000 })
    await checkContract(storage, onConflict)
    let session = await storage.read(await stored(storage, 'here'))
    expect(await redis.side.ttl(`session:${session.id}`)).toBeGreaterThan(600_000)
    close()
  })

  test('ends calls in time while Redis hangs, and goes on afterwards', async () => {
    let { client, close } = await openClient()
    let storage = createRedisSessionStorage({ client, timeout: TIMEOUT })
    let id = await stored(storage, 'here')
    process.kill(redis.pid, 'SIGSTOP')
    let { error, duration } = await failure(storage.read(id))
    process.kill(redis.pid, 'SIGCONT')

    expect(error.code).toBe('TIMEOUT')
    expect(duration).toBeLessThan(TIMEOUT + SLACK)
    expect(await valueOf(storage, id)).toBe('here')
    close()
  })

  test('has the codes of error replies, and no arguments in errors', async () => {
    let { client, close } = await openClient()
    let storage = createRedisSessionStorage({ client })
    let session = await storage.read(null)
    session.set('card', 'secret-4111')
    await redis.side.configSet('maxmemory', '1')
    let { error } = await failure(storage.save(session))
    await redis.side.configSet('maxmemory', '0')
    expect(error).toMatchObject({ code: 'REDIS', reply: 'OOM' })
    let printed = `${error.stack} ${(error.cause as Error).stack}`
    expect(printed).not.toContain('4111')
    expect(printed).not.toContain(session.id)

    await redis.side.lPush('session:list', 'x')
    expect((await failure(storage.read('list'))).error.code).toBe('CORRUPT')
    close()
  })
})

describe('is refused', () => {
  test.each<[string, () => object, RegExp]>([
    ['node-redis 4 in legacy mode', () => redis4.createClient({ legacyMode: true }), /client\.v4/],
    ['multi() of node-redis 4', () => redis4.createClient().multi(), /multi\(\)/],
    ['multi() of node-redis 5', () => redis5.createClient().multi(), /multi\(\)/],
    ['legacy() of node-redis 5', () => redis5.createClient().legacy(), /legacy\(\)/],
    ['pipeline() of ioredis 5', () => new Redis({ lazyConnect: true }).pipeline(), /pipeline/],
    ['pipeline() of @upstash/redis', () => openUpstash().pipeline(), /pipeline.*upstash/],
    ['multi() of @upstash/redis', () => openUpstash().multi(), /transaction.*upstash/],
  ])('%s', (_, make, message) => {
    let client = make() as ClientOptions['client']
    expect(() => createRedisSessionStorage({ client })).toThrow(TypeError)
    expect(() => createRedisSessionStorage({ client })).toThrow(message)
  })

  test('@upstash/redis that parses JSON by itself, as soon as it does', async () => {
    let client = openUpstash({ automaticDeserialization: true })
    let storage = createRedisSessionStorage({ client })
    let id = await stored(storage, 'here')

    await expect(storage.read(id)).rejects.toThrow(/an array.*automaticDeserialization: false/)
  })
})
