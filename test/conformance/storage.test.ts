/** What Remix and its users may rely on, the same over every backend. */
import { createSession, type Session } from '@remix-run/session'
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

import { backends, type OpenStorage } from '../support/backends.ts'
import { startRedis, TESTED_CLIENTS, type TestRedis } from '../support/redis.ts'
import { sessionPart } from '../support/stored-data.ts'

/** Where each takes an HTTP request, so many would take longer than a test may. */
const AT_ONCE = TESTED_CLIENTS ? 2000 : 10_000

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())
beforeEach(() => redis.side.flushAll())

describe.each(backends)('$name', (backend) => {
  let opened: OpenStorage[] = []
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((open) => open.close()))
  })

  async function create(options?: Parameters<typeof backend.create>[1]) {
    let open = await backend.create(redis, options)
    opened.push(open)
    return open.storage
  }

  /** Stores a session with these values, and gives its id. */
  async function stored(storage: Awaited<ReturnType<typeof create>>, values: object) {
    let session = await storage.read(null)
    for (let [key, value] of Object.entries(values)) session.set(key, value)
    let id = await storage.save(session)
    expect(id).toBe(session.id)
    return session.id
  }

  describe('a new session', () => {
    test.each([
      ['without a cookie', null],
      ['for an undefined cookie', undefined as unknown as null],
      ['for an empty cookie', ''],
      ['for an id that Redis does not know', 'unknown'],
    ])('has a fresh id %s', async (_, cookie) => {
      let storage = await create()
      let [first, second] = [await storage.read(cookie), await storage.read(cookie)]

      expect(first.id).toMatch(/^[0-9a-f-]{36}$/)
      expect(first.id).not.toBe(second.id)
      expect(first.size).toBe(0)
    })

    test('keeps an unknown id when asked to', async () => {
      let storage = await create({ useUnknownIds: true })
      let session = await storage.read('my-own-id')
      session.set('a', 1)

      expect(await storage.save(session)).toBe('my-own-id')
      expect((await storage.read('my-own-id')).get('a')).toBe(1)
    })

    test('is not stored before it holds something', async () => {
      let storage = await create()

      expect(await storage.save(await storage.read(null))).toBe(null)
      expect(await redis.sessionIds()).toEqual([])
    })

    test('is stored for 7 days at session:<id>', async () => {
      let id = await stored(await create(), { a: 1 })

      expect(await redis.side.keys('*')).toEqual([`session:${id}`])
      expect(sessionPart(await redis.side.get(`session:${id}`))).toBe('[{"a":1},{}]')
      expect(await redis.side.ttl(`session:${id}`)).toBe(604800)
    })
  })

  describe('a stored session', () => {
    test('is read back under its id', async () => {
      let storage = await create()
      let id = await stored(storage, { name: 'Ann', cart: [1, 2] })
      let session = await storage.read(id)

      expect(session.id).toBe(id)
      expect(session.get('name')).toBe('Ann')
      expect(session.get('cart')).toEqual([1, 2])
      expect(session.dirty).toBe(false)
    })

    test('can be changed', async () => {
      let storage = await create()
      let id = await stored(storage, { a: 1, b: 2 })
      let session = await storage.read(id)
      session.set('a', 3)
      session.unset('b')

      expect(await storage.save(session)).toBe(id)
      expect((await storage.read(id)).data).toEqual([{ a: 3 }, {}])
    })

    test('can be empty', async () => {
      let storage = await create()
      let id = await stored(storage, { a: 1 })
      let session = await storage.read(id)
      session.unset('a')
      await storage.save(session)

      expect((await storage.read(id)).id).toBe(id)
      expect(sessionPart(await redis.side.get(`session:${id}`))).toBe('[{},{}]')
    })

    test('shows a flash message to the next request only', async () => {
      let storage = await create()
      let session = await storage.read(null)
      session.flash('message', 'Saved')
      let id = await storage.save(session)

      let next = await storage.read(id)
      expect(next.get('message')).toBe('Saved')
      expect(await storage.save(next)).toBe(id)
      expect((await storage.read(id)).get('message')).toBe(undefined)
    })

    test('leaves the cookie alone when it did not change', async () => {
      let storage = await create()
      let id = await stored(storage, { a: 1 })

      expect(await storage.save(await storage.read(id))).toBe(null)
    })

    test('is saved as it was when save was called', async () => {
      let storage = await create()
      let id = await stored(storage, { a: 1 })
      let session = await storage.read(id)
      session.set('a', 2)
      let saved = storage.save(session)
      session.set('a', 3)
      await saved

      expect((await storage.read(id)).get('a')).toBe(2)
    })

    test('is seen as saved by a read that comes right behind', async () => {
      let storage = await create()
      let id = await stored(storage, { a: 1 })
      let session = await storage.read(id)
      session.set('a', 2)
      let saved = storage.save(session)
      let read = storage.read(id)

      expect((await read).get('a')).toBe(2)
      await saved
    })

    test('can be saved again by the request that has saved it', async () => {
      let storage = await create()
      let session = await storage.read(null)
      session.set('a', 1)
      await storage.save(session)
      session.set('a', 2)

      expect(await storage.save(session)).toBe(session.id)
      expect((await storage.read(session.id)).get('a')).toBe(2)
    })
  })

  describe('a TTL', () => {
    test('is as long as asked for, rounded down', async () => {
      let id = await stored(await create({ ttl: 100.9 }), { a: 1 })

      expect(await redis.side.ttl(`session:${id}`)).toBe(100)
    })

    test('starts again with a request that only reads', async () => {
      let storage = await create({ ttl: 100 })
      let id = await stored(storage, { a: 1 })
      await redis.side.expire(`session:${id}`, 5)
      await storage.save(await storage.read(id))

      expect(await redis.side.ttl(`session:${id}`)).toBe(100)
    })

    test('starts again with a request that changes the session', async () => {
      let storage = await create({ ttl: 100 })
      let id = await stored(storage, { a: 1 })
      let session = await storage.read(id)
      session.set('a', 2)
      await redis.side.expire(`session:${id}`, 5)
      await storage.save(session)

      expect(await redis.side.ttl(`session:${id}`)).toBe(100)
    })

    test('starts again at the end of a request that took long', async () => {
      let storage = await create({ ttl: 100 })
      let id = await stored(storage, { a: 1 })
      let session = await storage.read(id)
      let { now } = performance
      let clock = vi.spyOn(performance, 'now')
      onTestFinished(() => clock.mockRestore())
      clock.mockImplementation(() => now.call(performance) + 1050)
      await redis.side.expire(`session:${id}`, 5)
      await storage.save(session)

      expect(await redis.side.ttl(`session:${id}`)).toBe(100)
    })

    test('that does not roll starts again with a change only', async () => {
      let storage = await create({ ttl: 100, rolling: false })
      let id = await stored(storage, { a: 1 })
      await redis.side.expire(`session:${id}`, 5)
      let session = await storage.read(id)
      await storage.save(session)
      expect(await redis.side.ttl(`session:${id}`)).toBe(5)

      session.set('a', 2)
      await storage.save(session)
      expect(await redis.side.ttl(`session:${id}`)).toBe(100)
    })
  })

  test('keys have the prefix that was asked for', async () => {
    let id = await stored(await create({ prefix: 'shop:ß:' }), { a: 1 })

    expect(await redis.side.keys('*')).toEqual([`shop:ß:${id}`])
  })

  describe('regenerating the id', () => {
    test('moves the session, and keeps the old one unless told otherwise', async () => {
      let storage = await create()
      let id = await stored(storage, { a: 1 })
      let session = await storage.read(id)
      session.regenerateId()
      let newId = await storage.save(session)

      expect(newId).not.toBe(id)
      expect((await storage.read(newId)).get('a')).toBe(1)
      expect((await storage.read(id)).get('a')).toBe(1)
    })

    test('deletes the old session when told to, after the new one was written', async () => {
      let storage = await create()
      let id = await stored(storage, { a: 1 })
      let session = await storage.read(id)
      session.regenerateId(true)
      let commands = await redis.commandsDuring(() => storage.save(session))
      let verbs = commands.map(([verb, key]) => `${verb} ${key}`)
      let written = verbs.findIndex((verb) => /^SET/i.test(verb) && verb.includes(session.id))
      let deleted = verbs.findIndex((verb) => /^DEL/i.test(verb) && verb.includes(id))

      expect(written).toBeGreaterThanOrEqual(0)
      expect(deleted).toBeGreaterThan(written)
      expect(await redis.sessionIds()).toEqual([session.id])
      expect(await redis.side.ttl(`session:${session.id}`)).toBe(604800)
    })

    test('works for a session whose old id was impossible', async () => {
      let storage = await create()
      let session = createSession('x'.repeat(513))
      session.set('a', 1)
      session.regenerateId(true)

      expect(await storage.save(session)).toBe(session.id)
      expect(await redis.sessionIds()).toEqual([session.id])
    })

    test('works for a session that is not stored yet', async () => {
      let storage = await create()
      let session = await storage.read(null)
      session.set('a', 1)
      session.regenerateId(true)

      expect(await storage.save(session)).toBe(session.id)
      expect(await redis.sessionIds()).toEqual([session.id])
    })
  })

  describe('a destroyed session', () => {
    test('is deleted, and its cookie is cleared', async () => {
      let storage = await create()
      let id = await stored(storage, { a: 1 })
      let session = await storage.read(id)
      session.destroy()

      expect(await storage.save(session)).toBe('')
      expect(await redis.sessionIds()).toEqual([])
      expect((await storage.read(id)).id).not.toBe(id)
    })

    test.each([true, false])(
      'is gone under all of its ids (old one deleted: %s)',
      async (deleteOld) => {
        let storage = await create()
        let id = await stored(storage, { a: 1 })
        let session = await storage.read(id)
        session.regenerateId(deleteOld)
        session.destroy()

        expect(await storage.save(session)).toBe('')
        expect(await redis.sessionIds()).toEqual([])
      },
    )

    test('stays destroyed when another request saves it', async () => {
      let storage = await create()
      let id = await stored(storage, { user: 'ann' })
      let [slow, logout] = [await storage.read(id), await storage.read(id)]
      logout.destroy()
      await storage.save(logout)
      slow.set('a', 1)

      expect(await storage.save(slow)).toBe(null)
      expect(await redis.sessionIds()).toEqual([])
    })

    test.each([true, false])(
      'stays destroyed when another request regenerates it (old one deleted: %s)',
      async (deleteOld) => {
        let storage = await create()
        let id = await stored(storage, { user: 'ann' })
        let [slow, logout] = [await storage.read(id), await storage.read(id)]
        logout.destroy()
        await storage.save(logout)
        slow.regenerateId(deleteOld)

        expect(await storage.save(slow)).toBe(null)
        expect(await redis.sessionIds()).toEqual([])
      },
    )

    test.each([
      ['that is empty', ''],
      ['longer than 512 characters', 'x'.repeat(513)],
      ['that is no Unicode text', 'a\ud800'],
    ])('with an id %s is nowhere in Redis, and its cookie is cleared', async (_, id) => {
      let storage = await create()
      let session = createSession(id)
      session.destroy()
      let commands = await redis.commandsDuring(async () => {
        expect(await storage.save(session)).toBe('')
      })

      expect(commands).toEqual([])
    })

    test('is not brought back by a request that only reads', async () => {
      let storage = await create()
      let id = await stored(storage, { user: 'ann' })
      let reader = await storage.read(id)
      await redis.side.del(`session:${id}`)

      expect(await storage.save(reader)).toBe(null)
      expect(await redis.sessionIds()).toEqual([])
    })
  })

  describe('values', () => {
    test.each<[string, unknown]>([
      ['an object', { a: { b: { c: [] } } }],
      ['an array with nulls', [null, [null], 1]],
      ['numbers', [0, -1, 1.5, 1e308, 5e-324, Number.MAX_SAFE_INTEGER]],
      ['booleans', [true, false]],
      ['strings', ['', ' ', '"\\/', '\u0000\u001f\u2028\u2029']],
      ['text of every script', 'Grüße, 世界, عالم, 👋🏽 \u{10ffff}'],
      ['lone surrogates', ['\ud800', 'a\udfffb', '\udc00\ud800']],
      ['empty ones', [{}, [], '']],
      ['RESP lookalikes', '\r\n$-1\r\n+OK\r\n'],
    ])('come back as they were: %s', async (_, value) => {
      let storage = await create()
      let id = await stored(storage, { value })

      expect((await storage.read(id)).get('value')).toEqual(value)
    })

    test.each(['__proto__', 'constructor', 'toString', '', 'ключ', '\ud800', '0'])(
      'come back under the key %j',
      async (key) => {
        let storage = await create()
        let session = await storage.read(null)
        session.set(key, 'here')
        let id = await storage.save(session)

        expect((await storage.read(id)).get(key)).toBe('here')
      },
    )

    test('may have a megabyte', async () => {
      let storage = await create({ maxBytes: 2 ** 21 })
      let value = 'é0123456789abcdef'.repeat(60_000)
      let id = await stored(storage, { value })

      expect((await storage.read(id)).get('value')).toBe(value)
    })
  })

  test('thousands of sessions at once each come back as their own', async () => {
    let storage = await create({ timeout: 10_000, maxPending: 20_000 })
    let sessions = await Promise.all(Array.from({ length: AT_ONCE }, () => storage.read(null)))
    sessions.forEach((session, i) => session.set('mine', `${i} ${session.id}`))
    await Promise.all(sessions.map((session) => storage.save(session)))
    let read = await Promise.all(sessions.map(({ id }) => storage.read(id)))

    let wrong = read.filter((session, i) => session.get('mine') !== `${i} ${sessions[i]!.id}`)
    expect(wrong).toEqual([])
  })

  describe('refuses', () => {
    let cycle: { self?: unknown } = {}
    cycle.self = cycle
    test.each([
      ['a BigInt', 1n],
      ['a cycle', cycle],
    ])('to save %s, and names its key', async (_, value) => {
      let storage = await create()
      let id = await stored(storage, { a: 1 })
      let session = await storage.read(id)
      session.set('bad key', value)

      await expect(storage.save(session)).rejects.toMatchObject({
        name: 'RedisSessionStorageError',
        code: 'UNSERIALIZABLE',
        message: expect.stringContaining('"bad key"'),
      })
      expect((await storage.read(id)).get('a')).toBe(1)
    })

    test('to save a session that is too large, counted in bytes', async () => {
      let storage = await create({ maxBytes: 100, onConflict: 'overwrite' })
      let id = await stored(storage, { a: 'x'.repeat(100 - '[{"a":""},{}]'.length) })
      let session = await storage.read(id)
      session.set('a', 'ü'.repeat(60))

      await expect(storage.save(session)).rejects.toMatchObject({
        code: 'TOO_LARGE',
        message: expect.stringMatching(/133 bytes.*100/),
      })
      expect((await storage.read(id)).get('a')).toMatch(/^x+$/)
    })

    test.each(['secret', '42', 'null', '[]', '["secret","secret"]', '[{}]', '{}', '[[],[]]', ''])(
      'to read what is not a session: %s',
      async (value) => {
        let storage = await create()
        await redis.side.set('session:abcdefgh', value)
        let error = await storage.read('abcdefgh').catch((error: unknown) => error)

        expect(error).toMatchObject({ name: 'RedisSessionStorageError', code: 'CORRUPT' })
        expect(String(error)).toContain('session:abcd…')
        expect(String(error)).not.toMatch(/secret|abcdefgh/)
        expect(await redis.side.get('session:abcdefgh')).toBe(value)
      },
    )

    test('to read a key of another type', async () => {
      let storage = await create()
      await redis.side.lPush('session:list', 'x')

      await expect(storage.read('list')).rejects.toMatchObject({
        name: 'RedisSessionStorageError',
        code: 'CORRUPT',
        message: expect.stringContaining('session:list… is not text'),
      })
    })

    test.each([
      ['longer than 512 characters', 'x'.repeat(513)],
      ['that is no Unicode text', 'a\ud800'],
    ])('an id %s, without asking Redis', async (_, id) => {
      let storage = await create({ useUnknownIds: true })
      let session!: Session
      let commands = await redis.commandsDuring(async () => {
        session = await storage.read(id)
      })

      expect(commands).toEqual([])
      expect(session.id).toMatch(/^[0-9a-f-]{36}$/)
      let foreign = createSession(id)
      foreign.set('a', 1)
      await expect(storage.save(foreign)).rejects.toMatchObject({ code: 'INVALID_ID' })
    })

    test.each([undefined, null, {}, 'a1b2', 42])(
      'to save %j, which is no session',
      async (value) => {
        let storage = await create()

        await expect(storage.save(value as any)).rejects.toThrow(/^save\(\) needs a session/)
        await expect(storage.save(value as any)).rejects.toThrow(TypeError)
      },
    )

    test.each([42, {}, ['a1b2']])('to read %j, which is no cookie', async (value) => {
      let storage = await create()

      await expect(storage.read(value as any)).rejects.toThrow(
        /^read\(\) needs the value of a cookie/,
      )
      await expect(storage.read(value as any)).rejects.toThrow(TypeError)
    })

    test('to work after close(), which waits for what is pending', async () => {
      let storage = await create()
      let id = await stored(storage, { a: 1 })
      let read = storage.read(id)
      let closed = storage.close()

      await expect(storage.read(id)).rejects.toMatchObject({ code: 'CLOSED' })
      expect((await read).get('a')).toBe(1)
      await closed
      await storage.close()
      await expect(storage.ping()).rejects.toMatchObject({ code: 'CLOSED' })
    })

    test('more than maxPending commands, and goes on when there is room', async () => {
      let storage = await create({ maxPending: 3 })
      let results = await Promise.allSettled(
        Array.from({ length: 5 }, () => storage.read('unknown')),
      )

      expect(results.map(({ status }) => status)).toEqual([
        'fulfilled',
        'fulfilled',
        'fulfilled',
        'rejected',
        'rejected',
      ])
      expect(results[4]).toMatchObject({ reason: { code: 'OVERLOADED' } })
      await storage.read('unknown')
    })
  })

  test('a session of another storage is a new one here', async () => {
    let [from, to] = [await create({ prefix: 'from:' }), await create({ prefix: 'to:' })]
    let session = await from.read(await stored(from, { a: 1 }))
    session.set('a', 2)

    expect(await to.save(session)).toBe(session.id)
    expect((await to.read(session.id)).get('a')).toBe(2)
  })

  test('connect() and ping() resolve', async () => {
    let storage = await create()

    await expect(storage.connect()).resolves.toBe(undefined)
    await expect(storage.ping()).resolves.toBe(undefined)
  })

  test('await using closes the storage', async () => {
    let storage = await create()
    {
      await using scoped = storage
      await scoped.ping()
    }
    await expect(storage.read('a')).rejects.toMatchObject({ code: 'CLOSED' })
  })
})
