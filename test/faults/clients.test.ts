/** What users see of a client of theirs that fails. */
import { GlideClient } from '@valkey/valkey-glide'
import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import type { EventEmitter } from 'node:events'
import { createClient, createClientPool } from 'redis'
import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { nodeRedisClient } from '../support/backends.ts'
import { failure, SLACK, stored, valueOf } from '../support/failure.ts'
import type { OpenClient } from '../support/open-client.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

const TIMEOUT = 300

describe.each<[string, (redis: TestRedis) => Promise<OpenClient>]>([
  [
    'node-redis',
    async (redis) => {
      let client = await nodeRedisClient(redis.url)
      return { client, close: () => client.isOpen && client.destroy() }
    },
  ],
  [
    'node-redis, pool',
    async (redis) => {
      let client = createClientPool({ url: redis.url })
      client.on('error', () => {})
      await client.connect()
      return { client, close: () => client.isOpen && client.destroy() }
    },
  ],
  [
    'iovalkey',
    async (redis) => {
      let client = new Valkey(redis.port)
      client.on('error', () => {})
      await client.ping()
      return { client, close: () => client.disconnect() }
    },
  ],
  [
    'ioredis',
    async (redis) => {
      let client = new Redis(redis.port)
      client.on('error', () => {})
      await client.ping()
      return { client, close: () => client.disconnect() }
    },
  ],
  [
    'valkey-glide',
    async (redis) => {
      let client = await GlideClient.createClient({
        addresses: [{ host: '127.0.0.1', port: redis.port }],
        // Longer than the deadlines here: those of a storage are what is tested.
        requestTimeout: 10_000,
      })
      return { client, close: () => client.close() }
    },
  ],
])('a client of %s', (_, openClient) => {
  let redis: TestRedis
  let open: OpenClient
  let storage: ReturnType<typeof createRedisSessionStorage>

  beforeEach(async () => {
    redis = await startRedis()
    open = await openClient(redis)
    storage = createRedisSessionStorage({ client: open.client, timeout: TIMEOUT })
  })
  afterEach(async () => {
    open.close()
    await redis.stop()
  })

  test('that hangs: every request ends at its deadline, and later ones work', async () => {
    let id = await stored(storage, 'here')
    let changed = await storage.read(id)
    changed.set('value', 'changed')
    let regenerated = await storage.read(id)
    regenerated.regenerateId(true)

    process.kill(redis.pid, 'SIGSTOP')
    let failures = await Promise.all([
      failure(storage.read(id)),
      failure(storage.save(changed)),
      failure(storage.save(regenerated)),
      failure(storage.ping()),
    ])
    for (let { error, duration } of failures) {
      expect(error.code).toBe('TIMEOUT')
      expect(duration).toBeGreaterThanOrEqual(TIMEOUT - 5)
      expect(duration).toBeLessThan(TIMEOUT + SLACK)
    }
    process.kill(redis.pid, 'SIGCONT')

    expect(await valueOf(storage, await stored(storage, 'later'))).toBe('later')
  })

  test('that hangs takes no more than maxPending requests', async () => {
    storage = createRedisSessionStorage({ client: open.client, timeout: TIMEOUT, maxPending: 5 })
    process.kill(redis.pid, 'SIGSTOP')
    let calls = Array.from({ length: 7 }, (_, i) => failure(storage.read(`id-${i}`)))
    let codes = (await Promise.all(calls)).map(({ error }) => error.code)

    expect(codes.filter((code) => code === 'TIMEOUT')).toHaveLength(5)
    expect(codes.filter((code) => code === 'OVERLOADED')).toHaveLength(2)
    process.kill(redis.pid, 'SIGCONT')
    await storage.ping()
  })

  test('that was closed: requests fail at once, and say why', async () => {
    let id = await stored(storage, 'here')
    let session = await storage.read(id)
    session.set('value', 'changed')
    open.close()

    for (let call of [() => storage.read(id), () => storage.save(session)]) {
      let { error, duration } = await failure(call())
      expect(error.code).toBe('DISCONNECTED')
      expect(error.cause).toBeInstanceOf(Error)
      expect(error.message).toContain((error.cause as Error).message)
      expect(duration).toBeLessThan(TIMEOUT)
    }
  })

  test('whose server says no: requests fail with the code of the reply', async () => {
    let id = await stored(storage, 'old')
    let session = await storage.read(id)
    session.regenerateId(true)
    await redis.side.configSet('maxmemory', '1')

    let { error } = await failure(storage.save(session))
    expect(error).toMatchObject({ code: 'REDIS', reply: 'OOM' })
    expect(error.cause).toBeInstanceOf(Error)
    expect(await valueOf(storage, id)).toBe('old')
    await redis.side.configSet('maxmemory', '0')
    expect(await storage.save(session)).toBe(session.id)

    await redis.side.lPush('session:list', 'x')
    let wrongType = await failure(storage.read('list'))
    expect(wrongType.error).toMatchObject({ code: 'CORRUPT' })
  })

  test('whose server was restarted: works once the client has connected again', async () => {
    await stored(storage, 'before')
    await redis.stop()
    redis = await startRedis({ port: redis.port })
    storage = createRedisSessionStorage({ client: open.client, timeout: 5000 })
    // The client may not have noticed yet, and fail what it sends to the server that is gone.
    await storage.ping().catch(() => {})

    expect(await valueOf(storage, await stored(storage, 'after'))).toBe('after')
  })
})

test.each<[string, (redis: TestRedis) => Promise<OpenClient>]>([
  [
    'node-redis',
    async ({ url }) => {
      let client = createClient({ url, socket: { reconnectStrategy: 20 } })
      client.on('error', () => {})
      await client.connect()
      return { client, close: () => client.destroy() }
    },
  ],
  ['ioredis', ({ port }) => patient(new Redis(port, PATIENT))],
  ['iovalkey', ({ port }) => patient(new Valkey(port, PATIENT))],
])('over %s that is not connected, what nobody waits for is not sent later', async (_, open) => {
  let redis = await startRedis()
  let { client, close } = await open(redis)
  let storage = createRedisSessionStorage({ client, timeout: TIMEOUT })
  let session = await storage.read(await stored(storage, 'old'))
  let noticed = new Promise((resolve) => {
    ;(client as unknown as EventEmitter).once('reconnecting', resolve)
  })
  await redis.stop()
  await noticed
  let unsaved = await storage.read(null)
  for (let each of [session, unsaved]) {
    each.set('value', 'never')
    expect((await failure(storage.save(each))).error.code).toBe('TIMEOUT')
  }

  redis = await startRedis({ port: redis.port })
  await redis.side.set(`session:${session.id}`, '[{"value":"newer"},{}]')
  let later = storage.read(session.id)
  let saves = await Promise.all(['a', 'b', 'c'].map((value) => stored(storage, value)))
  expect((await later).get('value')).toBe('newer')
  expect(await valueOf(storage, unsaved.id)).toBe(undefined)
  expect(await valueOf(storage, saves[2]!)).toBe('c')
  close()
  await redis.stop()
})

/** Keeps commands for as long as it takes, as queues of jobs want their client. */
const PATIENT = { maxRetriesPerRequest: null, retryStrategy: () => 20 }

async function patient(client: Redis | Valkey): Promise<OpenClient> {
  client.on('error', () => {})
  await client.ping()
  return { client, close: () => client.disconnect() }
}
