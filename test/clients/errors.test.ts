/** The errors of a client are told apart by what they are, and its connections stay the app's. */
import { GlideClient, Logger } from '@valkey/valkey-glide'
import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import type { EventEmitter } from 'node:events'
import { runInNewContext } from 'node:vm'
import { createClient, createClientPool } from 'redis'
import { createRedisSessionStorage, type ClientOptions } from 'remix-session-storage-redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { startCluster, type TestCluster } from '../support/cluster.ts'
import { failure, stored, valueOf } from '../support/failure.ts'
import { openNodeRedisCluster, type OpenClient } from '../support/open-client.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

Logger.setLoggerConfig('off')

let redis: TestRedis
let cluster: TestCluster
beforeAll(async () => {
  redis = await startRedis()
  cluster = await startCluster({ replicas: 0 })
})
afterAll(() => Promise.all([redis.stop(), cluster.stop()]))

async function nodeRedis(url: string): Promise<OpenClient> {
  let client = createClient({ url })
  client.on('error', () => {})
  await client.connect()
  return { client, close: () => client.destroy() }
}

async function glide(requestTimeout: number): Promise<OpenClient> {
  let addresses = [{ host: '127.0.0.1', port: redis.port }]
  let client = await GlideClient.createClient({ addresses, requestTimeout })
  return { client, close: () => client.close() }
}

const clients: [string, () => Promise<OpenClient>][] = [
  ['node-redis', () => nodeRedis(redis.url)],
  [
    'node-redis, pool',
    async () => {
      let client = createClientPool({ url: redis.url })
      client.on('error', () => {})
      await client.connect()
      return { client, close: () => client.destroy() }
    },
  ],
  ['node-redis, cluster', () => openNodeRedisCluster(cluster.urls)],
  ['ioredis', async () => withDisconnect(new Redis(redis.port))],
  ['iovalkey', async () => withDisconnect(new Valkey(redis.port))],
  ['valkey-glide', () => glide(2000)],
]

function withDisconnect(client: Redis | Valkey): OpenClient {
  client.on('error', () => {})
  return { client, close: () => client.disconnect() }
}

/** Stands for all error replies. */
async function replaceByList(key: string): Promise<void> {
  if (cluster === undefined) return
  for (let url of [redis.url, ...cluster.urls]) {
    let { client, close } = await nodeRedis(url)
    await (client as any).sendCommand(['RPUSH', key, 'x']).catch(() => {})
    close()
  }
}

describe.each(clients)('over %s', (_, openClient) => {
  test('an error reply has its code', async () => {
    await replaceByList('gone:gone:list')
    let { client, close } = await openClient()
    let storage = createRedisSessionStorage({ client, prefix: 'gone:' })
    let session = await storage.read('list')
    session.destroy()
    let { error } = await failure(storage.save(session))

    expect(error).toMatchObject({ code: 'REDIS', reply: 'WRONGTYPE' })
    expect(error.message).toMatch(/^Redis answered: WRONGTYPE Operation against/)
    expect(error.cause).toBeInstanceOf(Error)
    close()
  })

  test('close() leaves the client open, and no listener was ever added', async () => {
    let { client, close } = await openClient()
    let counts = () =>
      (client as unknown as EventEmitter)
        .eventNames?.()
        .map((name) => [name, (client as unknown as EventEmitter).listenerCount(name)])
    let storage = createRedisSessionStorage({ client })
    let before = counts()
    expect(await valueOf(storage, await stored(storage, 'here'))).toBe('here')
    await storage.close()
    expect(counts()).toEqual(before)

    let other = createRedisSessionStorage({ client })
    expect(await valueOf(other, await stored(other, 'here'))).toBe('here')
    close()
  })
})

describe('a client that gives up before the storage does: TIMEOUT', () => {
  async function changedIn(client: ClientOptions['client']) {
    let storage = createRedisSessionStorage({ client, timeout: 5000, onConflict: 'overwrite' })
    let session = await storage.read(await stored(storage, 'here'))
    session.set('value', 'new')
    return { storage, session }
  }

  test('valkey-glide, by its requestTimeout', async () => {
    let { client, close } = await glide(100)
    let { storage, session } = await changedIn(client)
    process.kill(redis.pid, 'SIGSTOP')
    let { error, duration } = await failure(storage.save(session))
    process.kill(redis.pid, 'SIGCONT')

    expect(error).toMatchObject({ code: 'TIMEOUT', cause: { name: 'TimeoutError' } })
    expect(duration).toBeLessThan(2000)
    close()
  })

  test.each([
    ['ioredis', () => new Redis(redis.port, { commandTimeout: 100 })],
    ['iovalkey', () => new Valkey(redis.port, { commandTimeout: 100 })],
  ])('%s, by its commandTimeout', async (_, create) => {
    let { client, close } = withDisconnect(create())
    let { storage, session } = await changedIn(client)
    process.kill(redis.pid, 'SIGSTOP')
    let { error, duration } = await failure(storage.save(session))
    process.kill(redis.pid, 'SIGCONT')

    expect(error).toMatchObject({ code: 'TIMEOUT', cause: { message: 'Command timed out' } })
    expect(duration).toBeLessThan(2000)
    close()
  })

  test('node-redis, by the acquireTimeout of a pool', async () => {
    let client = createClientPool({ url: redis.url }, { maximum: 1, acquireTimeout: 100 })
    await client.connect()
    let { storage, session } = await changedIn(client)
    let lent = Promise.withResolvers<void>()
    let holding = client.execute(() => lent.promise)
    let { error } = await failure(storage.save(session))
    lent.resolve()
    await holding

    expect(error.code).toBe('TIMEOUT')
    expect(error.message).toContain('Timeout waiting for a client')
    client.destroy()
  })
})

describe('what a client fails with is about the connection', () => {
  test.each<[string, unknown]>([
    ['where it looks like a reply, but is none', new Error('ERR the proxy said so')],
    ['of another realm', runInNewContext('new Error("Connection is closed.")')],
    ['that is no error', 'broken'],
  ])('%s', async (_, reason) => {
    let client = new Redis({ lazyConnect: true, enableOfflineQueue: false })
    let storage = createRedisSessionStorage({
      client: Object.assign(client, { getex: () => Promise.reject(reason) }),
    })
    let { error } = await failure(storage.read('id'))

    expect(error.code).toBe('DISCONNECTED')
    expect(error.cause).toBeInstanceOf(Error)
  })
})

test('error replies of another realm, and of a minified node-redis, are replies all the same', async () => {
  let reason = runInNewContext(`
    class a extends Error {}
    new (class b extends a {})("NOPERM User default has no permissions to run the 'getex' command")
  `)
  let fails = () => Promise.reject(reason)
  let client = Object.create(createClient(), { sendCommand: { value: fails } })
  let { error } = await failure(createRedisSessionStorage({ client }).read('id'))

  expect(error).toMatchObject({ code: 'REDIS', reply: 'NOPERM' })
})

test('valkey-glide has the code of a reply that names another node', async () => {
  let addresses = [{ host: '127.0.0.1', port: Number(new URL(cluster.urls[0]!).port) }]
  let client = await GlideClient.createClient({ addresses })
  let storage = createRedisSessionStorage({ client })
  let ids = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']
  let errors = (await Promise.allSettled(ids.map((id) => storage.read(id))))
    .filter((outcome) => outcome.status === 'rejected')
    .map(({ reason }) => reason)
  client.close()

  expect(errors.length).toBeGreaterThan(0)
  for (let error of errors) expect(error).toMatchObject({ code: 'REDIS', reply: 'MOVED' })
})
