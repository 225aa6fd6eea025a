/** What a session promises besides behaving as Remix's own `Session`, which `session-programs` tests. */
import { createSession, Session } from '@remix-run/session'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { native, type OpenStorage } from '../support/backends.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'
import { sessionPart } from '../support/stored-data.ts'

let redis: TestRedis
let open: OpenStorage
beforeAll(async () => {
  redis = await startRedis()
  open = await native.create(redis)
})
afterAll(async () => {
  await open.close()
  await redis.stop()
})

/** `1.0` and the spaces do not survive being parsed and written anew. */
const STORED = '[{"a":1.0,"b":{ "n": 1.0 },"c":[1.0]},{}]'

describe('what a request has not touched keeps its bytes', () => {
  let cases: [what: string, change: (session: Session) => void, values: string][] = [
    ['when a value is set', (session) => session.set('b', 2), '{"a":1.0,"b":2,"c":[1.0]}'],
    ['when the first goes', (session) => session.unset('a'), '{"b":{ "n": 1.0 },"c":[1.0]}'],
    ['when one between others goes', (session) => session.unset('b'), '{"a":1.0,"c":[1.0]}'],
    ['when the last goes', (session) => session.unset('c'), '{"a":1.0,"b":{ "n": 1.0 }}'],
    [
      'when one is set and the next goes',
      (session) => (session.set('a', 2), session.unset('b')),
      '{"a":2,"c":[1.0]}',
    ],
    [
      'when only the last stays',
      (session) => (session.unset('a'), session.unset('b')),
      '{"c":[1.0]}',
    ],
    [
      'when a value is set that JSON has no form for',
      (session) => session.set('b', () => {}),
      '{"a":1.0,"c":[1.0]}',
    ],
    [
      'when another is looked at',
      (session) => (session.get('c'), session.set('d', 4)),
      '{"a":1.0,"b":{ "n": 1.0 },"c":[1],"d":4}',
    ],
    [
      'when a key is added that begins with a digit',
      (session) => session.set('7a', 7),
      '{"a":1.0,"b":{ "n": 1.0 },"c":[1.0],"7a":7}',
    ],
  ]
  test.each(cases)('%s', async (_, change, values) => {
    await redis.side.set('session:the-id', STORED)
    let session = await open.storage.read('the-id')
    change(session)
    await open.storage.save(session)

    expect(sessionPart(await redis.side.get('session:the-id'))).toBe(`[${values},{}]`)
  })
})

test('finds each of many keys, however often it is asked for them', async () => {
  let long = 'x'.repeat(1000)
  let values = Object.fromEntries(
    Array.from({ length: 200 }, (_, index) => [`product-views-${index}`, `${long}${index}`]),
  )
  await redis.side.set('session:the-id', JSON.stringify([values, {}]))
  let session = await open.storage.read('the-id')
  session.unset('product-views-7')
  session.set('product-views-8', 'changed')
  let expected = { ...values, 'product-views-7': undefined, 'product-views-8': 'changed' }
  for (let round = 0; round < 3; round++) {
    for (let [key, value] of Object.entries(expected)) {
      expect(session.get(key)).toBe(value)
      expect(session.has(key)).toBe(value !== undefined)
    }
    expect(session.get('product-views-200')).toBe(undefined)
  }
  session.set('product-views-7', 'again')
  expect(session.get('product-views-7')).toBe('again')
  expect(session.size).toBe(200)
})

test('has nothing under a key that is no string', async () => {
  await redis.side.set('session:the-id', STORED)
  let session = await open.storage.read('the-id')
  for (let key of [undefined, null, 1, Symbol('key')] as unknown[] as string[]) {
    expect(session.get(key)).toBe(undefined)
    expect(session.has(key)).toBe(false)
  }
})

test.each([
  ['that is set', (session: Session) => session.set('toJSON', () => ({ b: 2 })), '[{"b":2},{}]'],
  [
    'that is flashed',
    (session: Session) => session.flash('toJSON', (key: string) => key),
    '[{"a":1},"1"]',
  ],
])('calls a function %s as toJSON, as JSON does', async (_, change, text) => {
  await redis.side.set('session:the-id', '[{"a":1},{}]')
  let session = await open.storage.read('the-id')
  change(session)
  await open.storage.save(session)

  expect(sessionPart(await redis.side.get('session:the-id'))).toBe(text)
})

test('gives data that is the caller’s own', async () => {
  let { storage } = open
  let session = await storage.read(null)
  session.set('kept', 1)
  session.flash('flashed', 1)

  let [values, flash] = session.data
  values.kept = 2
  flash.flashed = 2

  expect(session.data).toEqual([{ kept: 1 }, { flashed: 1 }])
})

test('keeps the values of a session that was saved for what comes next in the request', async () => {
  let { storage } = open
  let session = await storage.read(null)
  session.set('count', 1)
  await storage.save(session)

  session.set('count', 2)
  await storage.save(session)

  expect((await storage.read(session.id)).get('count')).toBe(2)
})

/** Stores a session with one value, and reads it as the next request does. */
async function readBack(value: unknown): Promise<Session> {
  let session = await open.storage.read(null)
  session.set('value', value)
  return open.storage.read(await open.storage.save(session))
}

describe('a proxy around a session', () => {
  /** As wrappers and mocking tools make them: methods run on the session itself. */
  function proxied(session: Session): Session {
    return new Proxy(session, {
      get(target, key) {
        let value = Reflect.get(target, key, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }

  test('is saved as the session in it', async () => {
    let session = await readBack('old')
    let proxy = proxied(session)
    proxy.set('value', 'new')

    expect(await open.storage.save(proxy)).toBe(session.id)
    expect((await open.storage.read(session.id)).get('value')).toBe('new')
  })

  test('does not bring a session back that was destroyed meanwhile', async () => {
    let session = await readBack('old')
    let proxy = proxied(session)
    proxy.set('value', 'new')
    await redis.side.del(`session:${session.id}`)

    expect(await open.storage.save(proxy)).toBe(null)
    expect(await redis.side.exists(`session:${session.id}`)).toBe(0)
  })

  test('of a new session is known to be stored once it was saved', async () => {
    let proxy = proxied(await open.storage.read(null))
    proxy.set('value', 1)
    await open.storage.save(proxy)
    await redis.side.del(`session:${proxy.id}`)

    expect(await open.storage.save(proxy)).toBe(null)
  })
})

describe('a frozen session', () => {
  test('is saved, and remembered as saved', async () => {
    let session = await readBack('old')
    session.set('value', 'new')
    Object.freeze(session)

    expect(await open.storage.save(session)).toBe(session.id)
    expect((await open.storage.read(session.id)).get('value')).toBe('new')
    await redis.side.del(`session:${session.id}`)
    expect(await open.storage.save(session)).toBe(null)
  })

  test('can be a new one, or one that Remix made', async () => {
    for (let session of [await open.storage.read(null), createSession()]) {
      session.set('value', 1)
      Object.freeze(session)

      expect(await open.storage.save(session)).toBe(session.id)
      await redis.side.del(`session:${session.id}`)
      expect(await open.storage.save(session)).toBe(null)
    }
  })
})

test('shows neither its id nor its values when it is printed', async () => {
  for (let session of [await readBack('secret value'), createSession('secret-id')]) {
    session.set('more', 'secret value')
    session.flash('message', 'secret value')
    session.regenerateId(true)
    await open.storage.save(session)

    for (let options of [{}, { showHidden: true, depth: 9 }]) {
      let printed = inspect(session, options)
      for (let secret of [session.id, session.deleteId!, 'secret']) {
        expect(printed).not.toContain(secret)
      }
    }
    expect(JSON.stringify(session)).toBe('{}')
  }
})

describe('where Object.prototype was changed', () => {
  test('by an enumerable property, a session has no more than its own', async () => {
    let prototype = Object.prototype as { extra?: unknown }
    let { storage } = open
    let read = await readBack('old')
    prototype.extra = 'of every object'
    try {
      let session = await storage.read(null)
      expect(session.dirty).toBe(false)
      expect(session.size).toBe(0)
      expect(session.get('extra')).toBe(undefined)
      expect(await storage.save(session)).toBe(null)
      session.set('value', 1)
      session.set('extra', 2)
      await storage.save(session)
      read.set('value', 'new')
      await storage.save(read)

      expect(sessionPart(await redis.side.get(`session:${session.id}`))).toBe(
        '[{"value":1,"extra":2},{}]',
      )
      expect(sessionPart(await redis.side.get(`session:${read.id}`))).toBe('[{"value":"new"},{}]')
    } finally {
      delete prototype.extra
    }
  })

  test('to be read-only, as when it is frozen, a value may have the name of a property of it', async () => {
    let session = await open.storage.read(null)
    let prototype = Object.prototype
    let original = Object.getOwnPropertyDescriptor(prototype, 'toString')!
    Object.defineProperty(prototype, 'toString', { ...original, writable: false })
    try {
      session.set('toString', 1)
      session.set('toString', 2)
      session.flash('toString', 3)
    } finally {
      Object.defineProperty(prototype, 'toString', original)
    }

    expect(session.data).toEqual([{ toString: 2 }, { toString: 3 }])
  })
})

test('refuses the members of Remix’s own class, whose fields it does not have', async () => {
  let session = await readBack('here')
  let { constructor: _, ...members } = Object.getOwnPropertyDescriptors(Session.prototype)
  for (let { value, get } of Object.values<PropertyDescriptor>(members)) {
    expect(() => (value ?? get).call(session, 'value', 'changed')).toThrow(TypeError)
  }
  expect(session.dirty).toBe(false)
  expect(session.destroyed).toBe(false)
  expect(session.get('value')).toBe('here')
})

test('knows every member of the session of the installed Remix', async () => {
  let session = await open.storage.read(null)

  expect(session).toBeInstanceOf(Session)
  expect(session.constructor).toBe(Session)
  expect(Object.getPrototypeOf(session)).not.toBe(Session.prototype)
})

test('uses Remix’s own session where a later Remix has a member that it does not know', async () => {
  vi.resetModules()
  let remix = await import('@remix-run/session')
  Object.assign(remix.Session.prototype, { entries: () => [] })
  let { createRedisSessionStorage } = await import('remix-session-storage-redis')
  try {
    await using storage = createRedisSessionStorage({ url: redis.url })
    let session = await storage.read(null)
    expect(Object.getPrototypeOf(session)).toBe(remix.Session.prototype)
    session.set('cart', ['tea'])
    session.flash('message', 'Welcome')
    await storage.save(session)

    let next = await storage.read(session.id)
    expect(Object.getPrototypeOf(next)).toBe(remix.Session.prototype)
    expect(next.get('cart')).toEqual(['tea'])
    expect(next.get('message')).toBe('Welcome')
    expect(await storage.save(next)).toBe(session.id)
    expect(sessionPart(await redis.side.get(`session:${session.id}`))).toBe('[{"cart":["tea"]},{}]')
  } finally {
    delete (remix.Session.prototype as { entries?: unknown }).entries
  }
})
