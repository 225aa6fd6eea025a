/** Requests of one visitor that overlap keep each other's changes. */
import type { Session } from '@remix-run/session'
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  vi,
} from 'vitest'
import {
  createRedisSessionStorage,
  type RedisSessionStorage,
  type SessionOptions,
} from 'remix-session-storage-redis'

import { backends, native, type OpenStorage } from '../support/backends.ts'
import { failure } from '../support/failure.ts'
import { startProxy } from '../support/proxy.ts'
import { servers, startRedis, TESTED_CLIENTS, type TestRedis } from '../support/redis.ts'

describe.each(servers)('on $name', ({ binary, knowsIfEqual }) => {
  let redis: TestRedis
  beforeAll(async () => {
    redis = await startRedis({ binary: binary() })
  })
  afterAll(() => redis.stop())

  let open: OpenStorage
  let storage: RedisSessionStorage
  afterEach(() => open.close())

  async function opened(backend = native, options?: SessionOptions) {
    // The machines are busy, and two hundred saves in turn take a while.
    open = await backend.create(redis, { onConflict: 'merge', timeout: 10_000, ...options })
    storage = open.storage
  }

  /** Stores a session, and reads it in two requests. */
  async function twoRequests(values: Record<string, unknown>, flash: Record<string, unknown> = {}) {
    let session = await storage.read(null)
    for (let [key, value] of Object.entries(values)) session.set(key, value)
    for (let [key, value] of Object.entries(flash)) session.flash(key, value)
    let id = await storage.save(session)
    return { id: id!, one: await storage.read(id), other: await storage.read(id) }
  }

  async function dataOf(id: string): Promise<Session['data']> {
    let [values, flash] = JSON.parse((await redis.side.get(`session:${id}`))!)
    return [values, flash]
  }

  describe.each(backends.filter(({ isAtomic }) => isAtomic))('over $name', (backend) => {
    beforeEach(() => opened(backend))

    test('keys that each of them has set are both there', async () => {
      let { id, one, other } = await twoRequests({ cart: ['tea'], locale: 'en' })
      one.set('user', 'ann')
      other.set('locale', 'el')
      expect(await storage.save(one)).toBe(id)
      expect(await storage.save(other)).toBe(id)

      expect(await dataOf(id)).toEqual([{ cart: ['tea'], locale: 'el', user: 'ann' }, {}])
    })

    test('of a key that both have set, the later save wins', async () => {
      let { id, one, other } = await twoRequests({ count: 1 })
      one.set('count', 2)
      other.set('count', 3)
      await storage.save(other)
      await storage.save(one)

      expect(await dataOf(id)).toEqual([{ count: 2 }, {}])
    })

    test('a key that was set to what it was before wins, too', async () => {
      let { id, one, other } = await twoRequests({ count: 1 })
      one.set('count', 2)
      other.set('count', 1)
      await storage.save(one)
      await storage.save(other)

      expect(await dataOf(id)).toEqual([{ count: 1 }, {}])
    })

    test('a key that one has removed is gone, and what the other has set stays', async () => {
      let { id, one, other } = await twoRequests({ a: 1, b: 1, c: 1 })
      one.unset('a')
      other.unset('c')
      other.set('b', 2)
      await storage.save(one)
      await storage.save(other)

      expect(await dataOf(id)).toEqual([{ b: 2 }, {}])
    })

    test('a value that was changed in place counts as set, one that was looked at does not', async () => {
      let { id, one, other } = await twoRequests({ cart: ['tea'], seen: ['a'], n: 1 })
      ;(one.get('seen') as string[]).push('b')
      one.set('n', 2)
      other.get('seen')
      ;(other.get('cart') as string[]).push('milk')
      other.set('m', 1)
      await storage.save(one)
      await storage.save(other)

      expect(await dataOf(id)).toEqual([
        { cart: ['tea', 'milk'], seen: ['a', 'b'], n: 2, m: 1 },
        {},
      ])
    })

    test('a message that was shown is gone, one that the other has flashed is not', async () => {
      let { id, one, other } = await twoRequests({}, { shown: 'Saved', again: 'Saved' })
      let third = await storage.read(id)
      one.flash('new', 'Welcome')
      one.flash('again', 'Saved')
      await storage.save(one)
      await storage.save(other)
      third.set('a', 1)
      await storage.save(third)

      expect(await dataOf(id)).toEqual([{ a: 1 }, { new: 'Welcome', again: 'Saved' }])
    })

    test('two hundred requests in flight, each with a key of its own, lose none', async () => {
      let { id } = await twoRequests({ a: 1 })
      let keys = Array.from({ length: 200 }, (_, index) => `key-${index}`)
      await Promise.all(
        keys.map(async (key) => {
          let session = await storage.read(id)
          session.set(key, key)
          expect(await storage.save(session)).toBe(id)
        }),
      )
      let [values] = await dataOf(id)
      expect(Object.keys(values).toSorted()).toEqual(['a', ...keys].toSorted())
    })

    test('a session that was saved twice, meanwhile by another, too, has all changes', async () => {
      let { id, one, other } = await twoRequests({ a: 0 })
      one.set('a', 1)
      let first = storage.save(one)
      one.set('b', 1)
      let second = storage.save(one)
      expect(await Promise.all([first, second])).toEqual([id, id])
      other.set('a', 2)
      await storage.save(other)
      one.set('c', 1)
      await storage.save(one)

      // The first request has set `a` before the other one did.
      expect(await dataOf(id)).toEqual([{ a: 2, b: 1, c: 1 }, {}])
    })

    test('a login has what another request has saved since it was read', async () => {
      let { id, one, other } = await twoRequests({ cart: ['tea'] })
      one.regenerateId(true)
      one.set('user', 'ann')
      other.set('locale', 'el')
      await storage.save(other)
      await storage.save(one)

      expect(await dataOf(one.id)).toEqual([{ cart: ['tea'], locale: 'el', user: 'ann' }, {}])
      expect(await redis.side.exists(`session:${id}`)).toBe(0)
    })

    test('a login has what was saved before it was called, however long merging that takes', async () => {
      for (let round = 0; round < 20; round++) {
        let { id } = await twoRequests({ a: 1 })
        let [login, ...tabs] = await Promise.all([0, 1, 2, 3].map(() => storage.read(id)))
        tabs.forEach((tab, index) => tab.set(`tab${index}`, true))
        login!.set('user', 'ann')
        login!.regenerateId(true)
        let saves = [...tabs, login!].map((session) => storage.save(session))

        expect(await Promise.all(saves)).toEqual([id, id, id, login!.id])
        let values = { a: 1, tab0: true, tab1: true, tab2: true, user: 'ann' }
        expect(await dataOf(login!.id)).toEqual([values, {}])
      }
    })

    test('a login that failed after it had merged has all of that when it is saved again', async () => {
      let { id, one, other } = await twoRequests({ a: 1 })
      other.set('cart', ['tea'])
      await storage.save(other)
      one.regenerateId(true)
      one.set('user', 'ann')
      await redis.side.aclSetUser('default', ['-del'])
      await failure(storage.save(one))
      await redis.side.aclSetUser('default', ['+@all'])
      expect(await storage.save(one)).toBe(one.id)

      expect(await dataOf(one.id)).toEqual([{ a: 1, cart: ['tea'], user: 'ann' }, {}])
      expect(await redis.side.exists(`session:${id}`)).toBe(0)
    })

    test('a value that JSON makes null of is null, whatever else is set', async () => {
      let { id, one, other } = await twoRequests({ a: 1 })
      one.set('a', NaN)
      one.set('42', true)
      other.set('b', 1)
      await storage.save(other)
      await storage.save(one)

      expect(await dataOf(id)).toEqual([{ '42': true, a: null, b: 1 }, {}])
    })

    test('the third element of others is compared as a whole', async () => {
      await redis.side.set('session:foreign', '[{"a":1},{},{"v":"éééééééé"}]')
      let session = await storage.read('foreign')
      session.set('b', 1)
      expect(await storage.save(session)).toBe('foreign')

      expect(await dataOf('foreign')).toEqual([{ a: 1, b: 1 }, {}])
    })

    test('a session of the original, which has no version, is merged, too', async () => {
      await redis.side.set('session:foreign', '[{"a":1},{}]')
      let session = await storage.read('foreign')
      session.set('b', 2)
      await redis.side.set('session:foreign', '[{"a":2},{}]')
      await storage.save(session)

      expect(await dataOf('foreign')).toEqual([{ a: 2, b: 2 }, {}])
    })

    test('a large session is merged, too', async () => {
      let { id, one, other } = await twoRequests({ text: 'x'.repeat(20_000) })
      one.set('a', 1)
      other.set('b', 1)
      await storage.save(one)
      await storage.save(other)

      expect(await dataOf(id)).toEqual([{ text: 'x'.repeat(20_000), a: 1, b: 1 }, {}])
    })

    test.each([
      ['run scripts', ['-eval', '-evalsha']],
      ['read parts in scripts', ['-getrange']],
    ])(
      'a user who may not %s can save where the server compares, or is told what to allow',
      async (_, denied) => {
        let { id, one } = await twoRequests({ a: 'x'.repeat(5000) })
        await redis.side.aclSetUser('default', denied)
        one.set('b', 2)
        let saved = await storage.save(one).catch((error: unknown) => error)
        await redis.side.aclSetUser('default', ['+@all'])

        let refused = {
          code: 'REDIS',
          message: expect.stringMatching(/\+evalsha.*\+getrange.*"onConflict"/),
        }
        let outcomes = { compares: id, runsScripts: expect.objectContaining(refused) }
        expect(saved).toEqual(outcomes[knowsIfEqual ? 'compares' : 'runsScripts'])
      },
    )

    test('scripts that the server has forgotten are no obstacle', async () => {
      let { id, one } = await twoRequests({ a: 1 })
      one.set('a', 2)
      await storage.save(one)
      await redis.side.scriptFlush()
      one.set('a', 3)
      expect(await storage.save(one)).toBe(id)

      expect(await dataOf(id)).toEqual([{ a: 3 }, {}])
    })

    test('two visitors whose unknown id is kept keep each other’s changes', async () => {
      await open.close()
      await opened(backend, { useUnknownIds: true })
      let [one, other] = [await storage.read('chosen'), await storage.read('chosen')]
      one.set('a', 1)
      other.set('b', 1)
      await storage.save(one)
      await storage.save(other)

      expect(await dataOf('chosen')).toEqual([{ a: 1, b: 1 }, {}])
    })
  })

  // The rest is over no client.
  if (TESTED_CLIENTS !== undefined) return

  describe('over url', () => {
    beforeEach(() => opened())

    test('the first save on a connection, too, is done before what is called behind it', async () => {
      let { id, one, other } = await twoRequests({ a: 1 })
      one.set('a', 2)
      let saved = storage.save(one)
      let read = storage.read(id)
      expect(await saved).toBe(id)
      expect((await read).get('a')).toBe(2)
      expect(other.get('a')).toBe(1)
    })

    test('what nobody has changed keeps its bytes', async () => {
      await redis.side.set('session:bytes', '[{"a":1.0,"b":{ "n": 1.0 },"c":1},{"m":1.0}]')
      let [one, other] = [await storage.read('bytes'), await storage.read('bytes')]
      one.set('c', 2)
      other.set('d', 3)
      await storage.save(one)
      await storage.save(other)

      expect(await redis.side.get('session:bytes')).toMatch(
        /^\[\{"a":1\.0,"b":\{ "n": 1\.0 \},"c":2,"d":3\},\{\},\{"v":"[\w-]{16}"\}\]$/,
      )
    })

    async function behindProxy() {
      let proxy = await startProxy(redis)
      onTestFinished(() => proxy.stop())
      let behind = createRedisSessionStorage({ url: proxy.url, onConflict: 'merge' })
      onTestFinished(() => behind.close())
      return { proxy, behind }
    }

    test('a login has what another request saves while the old session is still there', async () => {
      let { proxy, behind } = await behindProxy()
      proxy.jitter(20)
      for (let round = 0; round < 10; round++) {
        let { id, other } = await twoRequests({ a: 1 })
        let login = await behind.read(id)
        login.regenerateId(true)
        let loggedIn = behind.save(login)
        await vi.waitUntil(() => redis.side.exists(`session:${login.id}`), { interval: 1 })
        other.set('cart', ['tea'])
        let saved = await storage.save(other)
        expect(await loggedIn).toBe(login.id)

        let [{ cart }] = await dataOf(login.id)
        expect(cart).toEqual(saved === null ? undefined : ['tea'])
      }
    })

    test('a new session that is destroyed while its first save is under way stays gone', async () => {
      let { proxy, behind } = await behindProxy()
      for (let round = 0; round < 10; round++) {
        await behind.ping()
        let session = await behind.read(null)
        session.set('a', 1)
        proxy.hold()
        let saves = [behind.save(session)]
        session.destroy()
        saves.push(behind.save(session))
        await proxy.held('client')
        proxy.cut()
        await Promise.all(saves)

        expect(await redis.side.exists(`session:${session.id}`)).toBe(0)
      }
    })

    test('a save that was under way when the connection broke is done once, on the next one', async () => {
      let { proxy, behind } = await behindProxy()
      let { id, other } = await twoRequests({ count: 1 })
      let session = await behind.read(id)
      session.set('count', 2)
      proxy.cutAfter(0)
      let saved = behind.save(session)
      expect(await saved).toBe(id)
      other.set('more', 1)
      await storage.save(other)

      expect(await dataOf(id)).toEqual([{ count: 2, more: 1 }, {}])
    })

    test('a message of such a save that was shown meanwhile is not flashed again', async () => {
      let { proxy, behind } = await behindProxy()
      let { id } = await twoRequests({ count: 1 })
      let session = await behind.read(id)
      session.flash('message', 'Saved')
      proxy.holdAfter(0)
      let answered = proxy.held('server')
      let saved = behind.save(session)
      await answered
      let next = await storage.read(id)
      expect(next.get('message')).toBe('Saved')
      expect(await storage.save(next)).toBe(id)
      proxy.cut()

      expect(await saved).toBe(id)
      expect(await dataOf(id)).toEqual([{ count: 1 }, {}])
    })
  })

  test('with overwrite, the last save wins as a whole', async () => {
    await opened(native, { onConflict: 'overwrite' })
    let { id, one, other } = await twoRequests({ a: 1 })
    one.set('b', 1)
    other.set('c', 1)
    await storage.save(one)
    await storage.save(other)

    expect(await redis.side.get(`session:${id}`)).toBe('[{"a":1,"c":1},{}]')
  })
})

test('a client that can compare nothing is refused', () => {
  let client = { get: () => null, set() {}, del() {}, expire() {} }
  expect(() => createRedisSessionStorage({ client, onConflict: 'merge' })).toThrow(TypeError)
})
