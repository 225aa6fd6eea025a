/**
 * Keys, values and ids that mean something to JavaScript, or that JSON changes: they are written and read
 * as JSON does, merged or not, and leave the prototypes of all objects alone.
 */
import { createSession, type Session } from '@remix-run/session'
import assert from 'node:assert/strict'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { RedisSessionStorage } from 'remix-session-storage-redis'

import type { OpenStorage } from '../support/backends.ts'
import { describePrototypes, KEYS, TEXTS, VALUES } from '../support/odd-json.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'
import { setups } from '../support/setups.ts'

const ID = 'the-id'
const KEY = `session:${ID}`

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())
beforeEach(() => redis.side.flushAll())

let prototypes = describePrototypes()
afterEach(() => {
  expect(describePrototypes()).toEqual(prototypes)
  expect(({} as { polluted?: unknown }).polluted).toBe(undefined)
})

/** The keys of both parts of a text. */
function keysIn(text: string): string[] {
  return JSON.parse(text).slice(0, 2).flatMap(Object.keys)
}

/** Reads a text as `@remix-run/session-storage-redis` does. */
function original(text: string): Session {
  return createSession(ID, JSON.parse(text))
}

/** What that storage would write. Compared as text, which has the order and own keys of any name. */
function jsonOf({ data }: Session): string {
  return JSON.stringify(data)
}

async function storedJson(id = ID): Promise<string> {
  let [values, flash] = JSON.parse((await redis.side.get(`session:${id}`))!)
  return JSON.stringify([values, flash])
}

describe.each(setups)('$name', ({ backend, options }) => {
  let opened: OpenStorage[]
  let storage: RedisSessionStorage
  let other: RedisSessionStorage
  beforeAll(async () => {
    let open = () => backend.create(redis, { ...options, useUnknownIds: true })
    opened = await Promise.all([open(), open()])
    ;[storage, other] = opened.map(({ storage }) => storage) as [typeof storage, typeof storage]
  })
  afterAll(() => Promise.all(opened.map((open) => open.close())))

  /** Lets a request do this to what Redis holds, and Remix's own session do the same. */
  async function expectSame(change: (session: Session) => void) {
    let text = (await redis.side.get(KEY)) ?? '[{},{}]'
    let [ours, theirs] = [await storage.read(ID), original(text)]
    for (let session of [ours, theirs]) change(session)
    expect(await storage.save(ours)).toBe(ID)

    expect(await storedJson()).toBe(jsonOf(theirs))
  }

  async function expectRead(keys: string[]) {
    let ours = await other.read(ID)
    let theirs = original((await redis.side.get(KEY))!)
    for (let key of [...keys, ...KEYS, 'polluted']) {
      assert.deepEqual(ours.get(key), theirs.get(key))
      expect(ours.has(key)).toBe(theirs.has(key))
    }
    expect(ours.size).toBe(theirs.size)
    expect(jsonOf(ours)).toBe(jsonOf(theirs))
  }

  test.each(KEYS)('the key %j is set, flashed, read and removed', async (key) => {
    await expectSame((session) => {
      session.set('before', 1)
      session.set(key, { [key]: 'value' })
      session.flash(key, ['message'])
    })
    await expectRead(['before'])
    await expectSame((session) => session.set(key, 'changed'))
    await expectRead(['before'])
    await expectSame((session) => session.unset(key))
    await expectRead(['before'])
  })

  test.each(VALUES)('%s is set, flashed and read', async (_, value) => {
    await expectSame((session) => {
      session.set('value', value)
      session.set('next', 1)
      session.flash('message', value)
    })
    await expectRead(['value', 'next', 'message'])
    await expectSame((session) => session.set('next', value))
    await expectRead(['value', 'next'])
  })

  test.each(TEXTS)('%j is read, changed, and read again', async (text) => {
    await redis.side.set(KEY, text)
    let keys = keysIn(text)
    await expectRead(keys)
    await expectSame((session) => session.set('a', 'changed'))
    await expectRead(keys)
    await expectSame((session) => {
      for (let key of keys) session.get(key)
      session.set('added', 1)
    })
    await expectRead(keys)
    await expectSame((session) => {
      for (let key of keys) session.unset(key)
    })
    await expectRead(keys)
  })

  test.each(['[{"a\0":1},{}]', '[{"a":"\n"},{}]', '[{"a":NaN},{}]', '[{"a":01},{}]'])(
    '%j is refused: it is not JSON',
    async (text) => {
      await redis.side.set(KEY, text)

      await expect(storage.read(ID)).rejects.toMatchObject({ code: 'CORRUPT' })
    },
  )

  let ids = ['__proto__', 'constructor', 'toString', 'a.b', 'a\0b', '0', '-0', '*', 'a b\r\n']
  test.each(ids)('a session has the id %j', async (id) => {
    let session = await storage.read(id)
    session.set('value', id)
    expect(await storage.save(session)).toBe(id)
    let [kept, moved] = [await other.read(id), await storage.read(id)]
    expect(kept.id).toBe(id)
    expect(kept.get('value')).toBe(id)

    moved.regenerateId(true)
    expect(await storage.save(moved)).toBe(moved.id)
    expect(await redis.sessionIds()).toEqual([moved.id])
    kept.set('value', 'late')
    expect(await other.save(kept)).toBe(null)

    let leaving = await other.read(moved.id)
    leaving.destroy()
    expect(await other.save(leaving)).toBe('')
    expect(await redis.sessionIds()).toEqual([])
  })

  if (options.onConflict !== 'merge') return

  /** Lets two requests that overlap do this, and Remix's own session do both. */
  async function expectMerged(one: (session: Session) => void, two: (session: Session) => void) {
    let theirs = original((await redis.side.get(KEY))!)
    let sessions = [await storage.read(ID), await other.read(ID)] as const
    one(sessions[0])
    two(sessions[1])
    expect(await storage.save(sessions[0])).toBe(ID)
    expect(await other.save(sessions[1])).toBe(ID)

    one(theirs)
    two(theirs)
    expect(await storedJson()).toBe(jsonOf(theirs))
  }

  test.each(KEYS)('the key %j is merged', async (key) => {
    await redis.side.set(KEY, '[{"a":1},{}]')
    let plain = (session: Session) => {
      session.set('plain', 1)
      session.flash('plain', 1)
    }
    let odd = (session: Session) => {
      session.set(key, { [key]: 'value' })
      session.flash(key, ['message'])
    }
    await expectMerged(plain, odd)
    await expectRead(['a', 'plain'])
    await expectMerged(odd, plain)
    await expectMerged(
      (session) => session.unset('a'),
      (session) => session.unset(key),
    )
    await expectRead(['a', 'plain'])
  })

  test.each(KEYS)('a message under the key %j is gone once it was shown', async (key) => {
    await redis.side.set(KEY, '[{"a":1},{}]')
    let early = await storage.read(ID)
    await expectSame((session) => session.flash(key, 'message'))
    let shown = await other.read(ID)
    expect(shown.get(key)).toBe('message')

    early.set('early', true)
    expect(await storage.save(early)).toBe(ID)
    expect(await storedJson()).toBe(`[{"a":1,"early":true},{${JSON.stringify(key)}:"message"}]`)
    expect(await other.save(shown)).toBe(ID)
    expect(await storedJson()).toBe('[{"a":1,"early":true},{}]')

    // What is remembered of messages goes with them.
    let [, , third] = JSON.parse((await redis.side.get(KEY))!)
    expect(Object.keys(third)).toEqual(['v'])
  })

  test.each(TEXTS)('%j is merged', async (text) => {
    await redis.side.set(KEY, text)
    let keys = keysIn(text)
    await expectMerged(
      (session) => session.set('one', 1),
      (session) => {
        for (let key of keys) session.get(key)
        session.set('two', 2)
      },
    )
    await expectRead(keys)
    await redis.side.set(KEY, text)
    await expectMerged(
      (session) => session.flash('one', 1),
      (session) => {
        for (let key of keys) session.unset(key)
      },
    )
    await expectRead(keys)
  })

  test.each(VALUES)('%s is merged', async (_, value) => {
    await redis.side.set(KEY, '[{"a":1},{"m":1}]')
    let set = (key: string) => (session: Session) => {
      session.set(key, value)
      session.flash(key, value)
    }
    await expectMerged(set('one'), set('two'))
    await expectRead(['one', 'two'])
  })
})
