/** What a request costs: the commands that Redis gets, seen by MONITOR. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createRedisSessionStorage, type RedisSessionStorage } from 'remix-session-storage-redis'

import { ioredis, native, nodeRedis } from '../support/backends.ts'
import { nodeRedisClient } from '../support/open-client.ts'
import { servers, startRedis, type TestRedis } from '../support/redis.ts'

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

/** A command as one line, its options sorted: clients differ in their order. */
function normal([name, key, ...options]: string[]): string {
  return [name!.toUpperCase(), key, ...options.toSorted()].join(' ')
}

describe.each([native, nodeRedis, ioredis])('over $name', (backend) => {
  test.each([
    ['only reads', false, ['GETEX session:ID 100 EX']],
    ['overwrites the session', true, ['GETEX session:ID 100 EX', 'SET session:ID 100 EX TEXT XX']],
  ])('a request that %s', async (_, changes, expected) => {
    let { storage, close } = await backend.create(redis, { ttl: 100, onConflict: 'overwrite' })
    let session = await storage.read(null)
    session.set('a', 1)
    let id = String(await storage.save(session))

    let commands = await redis.commandsDuring(async () => {
      let session = await storage.read(id)
      if (changes) session.set('a', 2)
      await storage.save(session)
    })
    let lines = commands.map((command) =>
      normal(command.map((word) => word.replace(id, 'ID').replace(/^\[\{.*/, 'TEXT'))),
    )
    expect(lines).toEqual(expected)
    await close()
  })

  test.each(servers)('a change that may be merged is one command on $name', async (server) => {
    let other = await startRedis({ binary: server.binary() })
    onTestFinished(() => other.stop())
    let { storage, close } = await backend.create(other, { ttl: 100 })
    let session = await storage.read(null)
    session.set('a', 1)
    let id = String(await storage.save(session))
    // The first on a connection finds out what the server can do.
    await change(storage, id)

    let commands = await other.commandsDuring(() => change(storage, id))
    let names = commands.map(([name]) => name!.toUpperCase())
    expect(names).toEqual(['GETEX', server.knowsIfEqual ? 'SET' : 'EVALSHA'])
    await close()
  })

  test('a new session is one command, and an empty one is none', async () => {
    let { storage, close } = await backend.create(redis, { ttl: 100 })
    let commands = await redis.commandsDuring(async () => {
      await storage.save(await storage.read(null))
      let session = await storage.read('')
      session.set('a', 1)
      await storage.save(session)
    })
    expect(commands).toHaveLength(1)
    expect(commands[0]![0]!.toUpperCase()).toBe('SET')
    expect(commands[0]).not.toContain('XX')
    await close()
  })
})

async function change(storage: RedisSessionStorage, id: string): Promise<void> {
  let session = await storage.read(id)
  session.set('a', (session.get('a') as number) + 1)
  expect(await storage.save(session)).toBe(id)
}

test('in the form of the original, a request that only reads is one GET', async () => {
  let client = await nodeRedisClient(redis.url)
  let storage = createRedisSessionStorage(client, { keyPrefix: 'app:', ttl: 100 })
  let session = await storage.read(null)
  session.set('a', 1)
  let id = await storage.save(session)

  let commands = await redis.commandsDuring(async () => {
    await storage.save(await storage.read(id))
  })
  expect(commands).toEqual([['GET', `app:${id}`]])
  client.destroy()
})

test('in the form of the original, sessions never expire unless told to', async () => {
  let client = await nodeRedisClient(redis.url)
  let storage = createRedisSessionStorage(client)
  let session = await storage.read(null)
  session.set('a', 1)
  await storage.save(session)

  expect(await redis.side.ttl(`session:${session.id}`)).toBe(-1)
  client.destroy()
})

test('one pipeline carries the commands of a tick', async () => {
  let { storage, close } = await native.create(redis)
  let before = await readsProcessed()
  await Promise.all(Array.from({ length: 500 }, (_, i) => storage.read(`unknown-${i}`)))
  // What a batch holds is up to the threads, but it is far from one command.
  expect((await readsProcessed()) - before).toBeLessThan(250)
  await close()
})

async function readsProcessed(): Promise<number> {
  let stats = await redis.side.info('stats')
  return Number(/total_reads_processed:(\d+)/.exec(stats)![1])
}

describe('on a server without GETEX, as before Redis 6.2', () => {
  let old: TestRedis
  beforeAll(async () => {
    old = await startRedis({ args: ['--rename-command', 'GETEX', ''] })
  })
  afterAll(() => old.stop())

  test.each([native, nodeRedis, ioredis])(
    'a read refreshes the TTL, over $name',
    async (backend) => {
      let { storage, close } = await backend.create(old, { ttl: 100 })
      let session = await storage.read(null)
      session.set('a', 1)
      let id = String(await storage.save(session))
      await old.side.expire(`session:${id}`, 5)

      let reads = await Promise.all([storage.read(id), storage.read('unknown'), storage.read(id)])
      expect(reads.map((read) => read.get('a'))).toEqual([1, undefined, 1])
      expect(await old.side.ttl(`session:${id}`)).toBe(100)
      await close()
    },
  )
})
