/** Sessions of `@remix-run/session-storage-redis`, read and written side by side with ours. */
import { createRedisSessionStorage as createOriginal } from '@remix-run/session-storage-redis'
import type { SessionStorage } from '@remix-run/session'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRedisSessionStorage } from 'remix-session-storage-redis'

import { nodeRedisClient } from '../support/open-client.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'
import { sessionPart } from '../support/stored-data.ts'

let redis: TestRedis
let client: Awaited<ReturnType<typeof nodeRedisClient>>
let storages: Record<string, SessionStorage>
beforeAll(async () => {
  redis = await startRedis()
  client = await nodeRedisClient(redis.url)
  storages = {
    original: createOriginal(client, { ttl: 1000 }),
    'ours with a url': createRedisSessionStorage({ url: redis.url }),
    'ours with a client': createRedisSessionStorage({ client }),
    'ours as a drop-in': createRedisSessionStorage(client, { ttl: 1000 }),
  }
})
afterAll(async () => {
  client.destroy()
  await redis.stop()
})

const VALUES = {
  user: { id: 7, name: 'Ünal 👋🏽', tags: ['a', null, { b: [] }] },
  broken: 'a\ud800b',
  number: -0.5e-7,
  '': '',
  2: 'numbers come first',
}

let ours = ['ours with a url', 'ours with a client', 'ours as a drop-in']
describe.each(ours)('%s', (name) => {
  test.each([
    ['reads what the original wrote', 'original', name],
    ['writes what the original reads', name, 'original'],
  ])('%s', async (_, writer, reader) => {
    let session = await storages[writer]!.read(null)
    for (let [key, value] of Object.entries(VALUES)) session.set(key, value)
    session.flash('message', { text: 'once' })
    let id = await storages[writer]!.save(session)

    let read = await storages[reader]!.read(id)
    expect(read.id).toBe(id)
    expect(read.data[0]).toEqual(VALUES)
    expect(read.get('message')).toEqual({ text: 'once' })

    read.set('more', 1)
    expect(await storages[reader]!.save(read)).toBe(id)
    let back = await storages[writer]!.read(id)
    expect(back.data).toEqual([{ ...VALUES, more: 1 }, {}])
  })

  test('stores the very bytes of the original, and nothing but a version behind them', async () => {
    let [one, other] = await Promise.all(
      [name, 'original'].map(async (writer) => {
        let session = await storages[writer]!.read(null)
        for (let [key, value] of Object.entries(VALUES)) session.set(key, value)
        session.flash('message', 'once')
        return redis.side.get(`session:${await storages[writer]!.save(session)}`)
      }),
    )
    expect(sessionPart(one!)).toBe(other)
    expect(Object.keys(JSON.parse(one!)[2] ?? { v: '' })).toContain('v')
    expect(one).toContain('"broken":"a\\ud800b"')
  })
})

test('the drop-in form takes sessions of any size, as the original does', async () => {
  let value = 'x'.repeat(2 ** 21)
  let storage = storages['ours as a drop-in']!
  let session = await storage.read(null)
  session.set('value', value)
  let id = await storage.save(session)

  expect((await storage.read(id)).get('value')).toBe(value)
  expect((await storages['original']!.read(id)).get('value')).toBe(value)
})

test.each([
  [0, 1],
  [-5, 1],
  [100.9, 100],
])('the drop-in form makes the same of a ttl as the original: %d', async (ttl, expected) => {
  for (let create of [createRedisSessionStorage, createOriginal]) {
    let storage = create(client, { ttl })
    let session = await storage.read(null)
    session.set('value', 1)
    await storage.save(session)

    expect(await redis.side.ttl(`session:${session.id}`)).toBe(expected)
  }
})
