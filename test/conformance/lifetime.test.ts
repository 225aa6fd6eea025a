/** `maxLifetime`: a session ends on time, however active it is. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { RedisSessionStorage, SessionOptions } from 'remix-session-storage-redis'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import type { OpenStorage } from '../support/backends.ts'
import { stored } from '../support/failure.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'
import { setups } from '../support/setups.ts'

const TTL = 1000
const MAX = 100

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

// Side by side, because most of them wait for time to pass.
describe.concurrent.for(setups)('over $name', ({ backend, options: mode }) => {
  let open: OpenStorage[] = []
  let storage: RedisSessionStorage
  beforeAll(async () => {
    storage = await create()
  })
  afterAll(() => Promise.all(open.splice(0).map(({ close }) => close())))

  async function create(options?: SessionOptions): Promise<RedisSessionStorage> {
    let opened = await backend.create(redis, { ttl: TTL, maxLifetime: MAX, ...mode, ...options })
    open.push(opened)
    return opened.storage
  }

  /** Puts a session into Redis that was created so many seconds ago. */
  async function plant(name: string, seconds: number): Promise<string> {
    let id = `${name} ${crypto.randomUUID()}`
    let text = `[{"value":"old"},{},{"c":${now() - seconds}}]`
    await redis.side.set(`session:${id}`, text, { EX: TTL })
    return id
  }

  async function createdAt(id: string): Promise<number> {
    return JSON.parse((await redis.side.get(`session:${id}`))!)[2].c
  }

  function ttlOf(id: string): Promise<number> {
    return redis.side.ttl(`session:${id}`)
  }

  test('the first save of a session notes when it was, and lets the key expire on time', async () => {
    let before = now()
    let id = await stored(storage, 'new')

    expect(await createdAt(id)).toBeGreaterThanOrEqual(before)
    expect(await createdAt(id)).toBeLessThanOrEqual(now() + 1)
    expectAbout(await ttlOf(id), MAX)
    expect((await storage.read(id)).get('value')).toBe('new')
  })

  test('neither reads nor saves prolong it', async () => {
    let id = await plant('active', 90)
    for (let round = 0; round < 3; round++) {
      let session = await storage.read(id)
      expect(session.id).toBe(id)
      // The read does not wait for the refresh of the TTL.
      await vi.waitFor(async () => expect(await ttlOf(id)).toBeLessThanOrEqual(10))
      session.set('value', round)
      expect(await storage.save(session)).toBe(id)
      expectAbout(await ttlOf(id), 10)
    }
  })

  test('but within its time, a session lives as long as it is used', async () => {
    let short = await create({ ttl: 50 })
    let id = await plant('used', 20)
    let session = await short.read(id)
    await vi.waitFor(async () => expect(await ttlOf(id)).toBeLessThanOrEqual(50))
    expectAbout(await ttlOf(id), 50)
    await redis.side.expire(`session:${id}`, 5)
    await sleep(1050)
    expect(await short.save(session)).toBe(null)
    expectAbout(await ttlOf(id), 50)
  })

  test('a session whose time is over is a new one, and its id is not kept', async () => {
    let keeping = await create({ useUnknownIds: true })
    for (let each of [storage, keeping]) {
      let id = await plant('over', MAX)
      let session = await each.read(id)
      expect(session.id).not.toBe(id)
      expect(session.size).toBe(0)
    }
  })

  test.each(['save', 'refresh', 'regenerate'])(
    'one whose time is over between read and save is gone: %s',
    async (what) => {
      let short = await create({ maxLifetime: 2 })
      let id = await plant(`late-${what}`, 0)
      let session = await short.read(id)
      if (what === 'save') session.set('value', 'new')
      if (what === 'regenerate') session.regenerateId(true)
      await sleep(2050)

      expect(await short.save(session)).toBe(null)
      // Keys expire to the second.
      await vi.waitFor(async () => {
        expect(await redis.side.exists([`session:${id}`, `session:${session.id}`])).toBe(0)
      })
    },
  )

  test('its time goes on when it gets another id, and is changed by others', async () => {
    let id = await plant('login', 60)
    let [login, other] = [await storage.read(id), await storage.read(id)]
    let created = await createdAt(id)
    other.set('other', 1)
    await storage.save(other)
    expect(await createdAt(id)).toBe(created)
    login.regenerateId(true)
    expect(await storage.save(login)).toBe(login.id)
    expect(await createdAt(login.id)).toBe(created)
    expectAbout(await ttlOf(login.id), 40)
    let session = await storage.read(login.id)
    session.set('value', 'new')
    await storage.save(session)
    expect(await createdAt(login.id)).toBe(created)
    expectAbout(await ttlOf(login.id), 40)
  })

  test.each(['', ',{}', ',{"c":"soon"}', ',{"c":1.5}'])(
    'a session that does not say when it was created begins with its next save: %s',
    async (third) => {
      let id = `older ${crypto.randomUUID()}`
      let text = `[{"value":"old"},{}${third}]`
      await redis.side.set(`session:${id}`, text, { EX: TTL })
      let session = await storage.read(id)
      expect(session.get('value')).toBe('old')
      expect(await storage.save(session)).toBe(null)
      expect(await redis.side.get(`session:${id}`)).toBe(text)
      let before = now()
      session.set('value', 'new')
      expect(await storage.save(session)).toBe(id)
      expect(await createdAt(id)).toBeGreaterThanOrEqual(before)
      expectAbout(await ttlOf(id), MAX)
    },
  )

  test('a cookie is not sent again for one whose time is over', async () => {
    let refreshing = await create({ refreshCookie: true, maxLifetime: 1 })
    let id = await plant('cookie', 0)
    let session = await refreshing.read(id)
    await sleep(1050)
    expect(await refreshing.save(session)).toBe(null)
  })

  test('without the option, nobody cares', async () => {
    let without = await create({ maxLifetime: undefined })
    let id = await plant('without', 2 * MAX)
    expect((await without.read(id)).get('value')).toBe('old')
    expectAbout(await ttlOf(id), TTL)
  })
})

function now(): number {
  return Math.floor(Date.now() / 1000)
}

/** A second or two may pass in between; times are rounded up. */
function expectAbout(seconds: number, expected: number): void {
  expect(seconds).toBeLessThanOrEqual(expected + 1)
  expect(seconds).toBeGreaterThan(expected - 3)
}
