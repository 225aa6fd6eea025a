/**
 * What comes of saving, regenerating and destroying a session, in whatever order and by however many
 * requests: what `save` gives, and which keys are left.
 */
import { createSession } from '@remix-run/session'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { RedisSessionStorage, SessionOptions } from 'remix-session-storage-redis'

import type { OpenStorage } from '../support/backends.ts'
import { stored } from '../support/failure.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'
import { Requests } from '../support/requests.ts'
import { setups } from '../support/setups.ts'

/** How many seconds a mark of a session that is gone may stay. */
const MARK_TTL = 60

interface Outcome {
  saves: string
  left: string
}

type Row = [requests: string, saves: string, left: string, withoutMarks?: Outcome]

/**
 * A `regenerate` keeps the old session, as Remix's `regenerateId()` does; a `replace` does not. Names of
 * ids are explained in `requests.ts`.
 */
const IN_ONE_REQUEST: Row[] = [
  ['one: set, save', 'old', 'old'],
  ['one: set, save, set, save', 'old, old', 'old'],
  ['one: set, save, save', 'old, old', 'old'],
  ['one: set, save at once, set, save', 'old, old', 'old'],
  ['one: regenerate, save', 'one1', 'old, one1'],
  ['one: replace, save', 'one1', 'one1'],
  ['one: replace, save, set, save', 'one1, one1', 'one1'],
  ['one: replace, save at once, set, save', 'one1, one1', 'one1'],

  // Nobody has ever heard of an id that was replaced before it was saved.
  ['one: regenerate, regenerate, save', 'one2', 'old, one2'],
  ['one: replace, replace, save', 'one2', 'one2'],
  ['one: regenerate, replace, save', 'one2', 'one2'],
  ['one: replace, regenerate, save', 'one2', 'one2'],

  ['one: set, save, regenerate, save', 'old, one1', 'old, one1'],
  ['one: set, save, replace, save', 'old, one1', 'one1'],
  ['one: regenerate, save, regenerate, save', 'one1, one2', 'old, one1, one2'],
  ['one: regenerate, save, replace, save', 'one1, one2', 'one2'],
  ['one: replace, save, replace, save', 'one1, one2', 'one2'],
  // Remix has a session replaced for good: with the id that it was read under, that in between goes.
  ['one: replace, save, regenerate, save', 'one1, one2', 'one2'],

  ['one: destroy, save', 'cleared', ''],
  ['one: set, destroy, save', 'cleared', ''],
  ['one: regenerate, destroy, save', 'cleared', ''],
  ['one: replace, destroy, save', 'cleared', ''],
  ['one: regenerate, replace, destroy, save', 'cleared', ''],
  ['one: set, save, destroy, save', 'old, cleared', ''],
  ['one: set, save at once, destroy, save', 'old, cleared', ''],
  ['one: replace, save, destroy, save', 'one1, cleared', ''],
  ['one: replace, save at once, destroy, save', 'one1, cleared', ''],
  // The old session was kept on purpose, and is one of its own since.
  ['one: regenerate, save, destroy, save', 'one1, cleared', 'old'],
  ['one: destroy, save, save', 'cleared, cleared', ''],
  ['one: destroy, save at once, save', 'cleared, cleared', ''],
]

const OF_A_NEW_SESSION: Row[] = [
  ['one: save', 'left alone', ''],
  ['one: set, save, set, save', 'old, old', 'old'],
  ['one: set, save at once, set, save', 'old, old', 'old'],
  ['one: destroy, save', 'cleared', ''],
  ['one: set, destroy, save', 'cleared', ''],
  ['one: regenerate, destroy, save', 'cleared', ''],
  ['one: replace, destroy, save', 'cleared', ''],
  ['one: set, save, destroy, save', 'old, cleared', ''],
  ['one: set, save at once, destroy, save', 'old, cleared', ''],
  ['one: regenerate, save', 'one1', 'one1'],
  ['one: replace, save', 'one1', 'one1'],
  ['one: replace, replace, save', 'one2', 'one2'],
  ['one: set, save, regenerate, save', 'old, one1', 'old, one1'],
  ['one: set, save, replace, save', 'old, one1', 'one1'],
  ['one: set, save, replace, destroy, save', 'old, cleared', ''],
  ['one: set, save, replace, save, destroy, save', 'old, one1, cleared', ''],
]

const AFTER_ANOTHER_REQUEST: Row[] = [
  ['one: destroy, save; other: save', 'cleared, left alone', ''],
  ['one: destroy, save; other: set, save', 'cleared, left alone', ''],
  ['one: destroy, save; other: set, save, save', 'cleared, left alone, left alone', ''],
  ['one: destroy, save; other: flash, save', 'cleared, left alone', ''],
  ['one: destroy, save; other: regenerate, save', 'cleared, left alone', ''],
  ['one: destroy, save; other: replace, save', 'cleared, left alone', ''],
  ['one: destroy, save; other: replace, save, save', 'cleared, left alone, left alone', ''],
  ['one: destroy, save; other: replace, replace, save', 'cleared, left alone', ''],
  ['one: destroy, save; other: destroy, save', 'cleared, cleared', ''],
  ['one: destroy, save; other: regenerate, destroy, save', 'cleared, cleared', ''],
  ['one: destroy, save; other: replace, destroy, save', 'cleared, cleared', ''],
  ['one: destroy, save; other: set, save, destroy, save', 'cleared, left alone, cleared', ''],
  ['one: destroy, save; next: read old, save', 'cleared, left alone', ''],
  ['one: regenerate, destroy, save; other: set, save', 'cleared, left alone', ''],
  ['one: replace, destroy, save; other: regenerate, save', 'cleared, left alone', ''],

  ['one: set, save; other: destroy, save', 'old, cleared', ''],
  ['one: set, save; other: replace, save', 'old, other1', 'other1'],

  ['one: replace, save; other: save', 'one1, left alone', 'one1'],
  ['one: replace, save; other: set, save', 'one1, left alone', 'one1'],
  [
    'one: replace, save; other: regenerate, save',
    'one1, other1',
    'one1, other1',
    // What is gone may have been destroyed.
    { saves: 'one1, left alone', left: 'one1' },
  ],
  [
    'one: replace, save; other: replace, save',
    'one1, other1',
    'one1, other1',
    { saves: 'one1, left alone', left: 'one1' },
  ],
  [
    'one: replace, save; other: destroy, save',
    'one1, cleared',
    '',
    { saves: 'one1, cleared', left: 'one1' },
  ],
  [
    'one: replace, save; other: replace, destroy, save',
    'one1, cleared',
    '',
    { saves: 'one1, cleared', left: 'one1' },
  ],

  ['one: regenerate, save; other: set, save', 'one1, old', 'old, one1'],
  ['one: regenerate, save; other: regenerate, save', 'one1, other1', 'old, one1, other1'],
  ['one: regenerate, save; other: replace, save', 'one1, other1', 'one1, other1'],
  [
    'one: regenerate, save; other: destroy, save',
    'one1, cleared',
    '',
    { saves: 'one1, cleared', left: 'one1' },
  ],

  ['one: replace, save; next: read one1, replace, save', 'one1, next1', 'next1'],
  ['one: replace, save; next: read one1, destroy, save', 'one1, cleared', ''],
  [
    'one: replace, save; next: read one1, replace, save; other: destroy, save',
    'one1, next1, cleared',
    '',
    { saves: 'one1, next1, cleared', left: 'next1' },
  ],
  [
    'one: replace, save; next: read one1, destroy, save; other: set, save',
    'one1, cleared, left alone',
    '',
  ],
  // A logout counts for a login that was under way, too; one that has ended is a session of its own.
  [
    'one: replace, save; next: read one1, destroy, save; other: replace, save',
    'one1, cleared, left alone',
    '',
  ],
  // The same of an id that was added: the old session goes as it would have by the login.
  [
    'one: regenerate, save; next: read one1, destroy, save; other: replace, save',
    'one1, cleared, left alone',
    '',
    { saves: 'one1, cleared, other1', left: 'other1' },
  ],
  [
    'one: regenerate, save; next: read one1, destroy, save; other: regenerate, save',
    'one1, cleared, left alone',
    'old',
    { saves: 'one1, cleared, other1', left: 'old, other1' },
  ],
  [
    'one: replace, save; other: replace, save; next: read one1, destroy, save',
    'one1, other1, cleared',
    'other1',
    { saves: 'one1, left alone, cleared', left: '' },
  ],
]

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())
beforeEach(() => redis.side.flushAll())

describe.each(setups)('$name', ({ backend, options }) => {
  let opened: OpenStorage[]
  beforeAll(async () => {
    opened = await openTwo()
  })
  afterAll(() => closeAll(opened))

  /** As two processes have them. */
  function openTwo(more?: SessionOptions): Promise<OpenStorage[]> {
    let open = () => backend.create(redis, { ...options, ...more })
    return Promise.all([open(), open()])
  }

  async function closeAll(all: OpenStorage[]) {
    await Promise.all(all.map((open) => open.close()))
  }

  function storages(): RedisSessionStorage[] {
    return opened.map(({ storage }) => storage)
  }

  /**
   * Expects that the sessions with these names can be read, as they were saved, and that of those with
   * other names nothing is left.
   */
  async function expectLeft({ ids, saved }: Requests, left: string) {
    let names = left === '' ? [] : left.split(', ')
    expect((await redis.sessionIds()).toSorted()).toEqual(
      names.map((name) => ids.get(name)!).toSorted(),
    )
    for (let [name, id] of ids) {
      for (let storage of storages()) {
        let session = await storage.read(id)
        if (names.includes(name)) {
          expect(session.id).toBe(id)
          expect(session.data[0]).toMatchObject(saved.get(name) ?? {})
        } else {
          expect(ids.values()).not.toContain(session.id)
          expect(session.size).toBe(0)
        }
      }
    }
    await expectMarksToExpire()
  }

  async function expectMarksToExpire() {
    for (let key of await redis.side.keys('session:gone:*')) {
      let ttl = await redis.side.ttl(key)
      expect(ttl).toBeGreaterThan(0)
      expect(ttl).toBeLessThanOrEqual(MARK_TTL)
    }
  }

  async function expectRow([text, saves, left, withoutMarks]: Row, cookie: string | null) {
    let expected = (!backend.isAtomic && withoutMarks) || { saves, left }
    let requests = new Requests(storages())
    await requests.begin(cookie)

    expect(await requests.run(text)).toBe(expected.saves)
    await expectLeft(requests, expected.left)
  }

  test.each([...IN_ONE_REQUEST, ...AFTER_ANOTHER_REQUEST])('%s: %s. Left: %s', async (...row) => {
    await expectRow(row, await stored(storages()[0]!, 'here'))
  })

  test.each(OF_A_NEW_SESSION)('new; %s: %s. Left: %s', async (...row) => {
    await expectRow(row, null)
  })

  test('a destroyed session has nothing, takes no changes, and is deleted all the same', async () => {
    let [one, other] = storages()
    let id = await stored(one!, 'here')
    let session = await one!.read(id)
    session.flash('message', 'Bye')
    session.destroy()

    expect(session.get('value')).toBe(undefined)
    expect(session.has('value')).toBe(false)
    expect(session.size).toBe(0)
    for (let change of [
      () => session.set('value', 'changed'),
      () => session.unset('value'),
      () => session.flash('message', 'changed'),
      () => session.regenerateId(true),
    ]) {
      expect(change).toThrow('Session has been destroyed')
    }
    expect(session.id).toBe(id)
    expect(await one!.save(session)).toBe('')
    expect((await other!.read(id)).size).toBe(0)
    expect(await redis.sessionIds()).toEqual([])
  })

  test('where unknown ids are kept, that of a destroyed session is that of a new one', async () => {
    let keeping = await openTwo({ useUnknownIds: true })
    onTestFinished(() => closeAll(keeping))
    let [one, other] = keeping.map(({ storage }) => storage)
    let id = await stored(one!, 'here')
    let [leaving, late] = [await one!.read(id), await other!.read(id)]
    leaving.destroy()
    await one!.save(leaving)
    late.set('late', true)

    expect(await other!.save(late)).toBe(null)
    let next = await other!.read(id)
    expect(next.id).toBe(id)
    expect(next.size).toBe(0)
    expect(await other!.save(next)).toBe(null)
    expect(await redis.sessionIds()).toEqual([])
    next.set('value', 'new')
    expect(await other!.save(next)).toBe(id)
    expect((await one!.read(id)).data).toEqual([{ value: 'new' }, {}])
  })

  test('where unknown ids are kept, the first login after a logout with the same id is refused', async () => {
    let keeping = await openTwo({ useUnknownIds: true })
    onTestFinished(() => closeAll(keeping))
    let { storage } = keeping[0]!
    let id = await stored(storage, 'here')
    let leaving = await storage.read(id)
    leaving.destroy()
    await storage.save(leaving)
    let next = await storage.read(id)
    next.set('value', 'new')
    expect(await storage.save(next)).toBe(id)

    let results = []
    for (let attempt = 0; attempt < 2; attempt++) {
      let login = await storage.read(id)
      login.regenerateId(true)
      results.push((await storage.save(login)) === login.id)
    }
    expect(results).toEqual([!backend.isAtomic, true])
  })

  test('the mark of a session that is gone is no session, whoever sends its name', async () => {
    let keeping = await openTwo({ useUnknownIds: true })
    onTestFinished(() => closeAll(keeping))
    let { storage } = keeping[0]!
    let id = await stored(storage, 'here')
    let leaving = await storage.read(id)
    leaving.destroy()
    await storage.save(leaving)
    let marks = await redis.side.keys('*')

    let mark = `gone:${id}`
    expect((await storage.read(mark)).id).not.toBe(mark)
    let forged = createSession(mark)
    forged.set('value', 'forged')
    await expect(storage.save(forged)).rejects.toMatchObject({ code: 'INVALID_ID' })
    forged.destroy()
    expect(await storage.save(forged)).toBe('')
    expect(await redis.side.keys('*')).toEqual(marks)
    expect(marks).toEqual(backend.isAtomic ? [`session:${mark}`] : [])
  })
})
