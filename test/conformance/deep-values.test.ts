/** Values nested very deep: JSON reads them all, but cannot write them all, which a save says clearly. */
import type { Session } from '@remix-run/session'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { RedisSessionStorage } from 'remix-session-storage-redis'

import type { OpenStorage } from '../support/backends.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'
import { setups } from '../support/setups.ts'

const ID = 'the-id'
const KEY = `session:${ID}`

/** Everything may nest so deep. */
const MODEST = 1000
/** Nothing that JSON writes can nest so deep; what it reads can. */
const ENORMOUS = 100_000
const DEPTHS = [MODEST, 5000, ENORMOUS]

let arrays = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
let objects = (depth: number) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)

/** Follows a value down to its end. */
function depthOf(value: any): number {
  let depth = 0
  for (; typeof value === 'object' && value !== null; value = Object.values(value)[0]) depth++
  return depth
}

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())
beforeEach(() => redis.side.flushAll())

describe.each(setups)('$name', ({ backend, options }) => {
  let opened: OpenStorage[]
  let storage: RedisSessionStorage
  let other: RedisSessionStorage
  beforeAll(async () => {
    let open = () => backend.create(redis, { ...options, maxBytes: 2 ** 24, timeout: 10_000 })
    opened = await Promise.all([open(), open()])
    ;[storage, other] = opened.map(({ storage }) => storage) as [typeof storage, typeof storage]
  })
  afterAll(() => Promise.all(opened.map((open) => open.close())))

  async function stored(id = ID): Promise<[values: any, flash: any]> {
    let [values, flash] = JSON.parse((await redis.side.get(`session:${id}`))!)
    return [values, flash]
  }

  /** Saves a session with too deep a value, or is told so; returns whether it was saved. */
  async function isSaved(session: Session): Promise<boolean> {
    let before = await redis.side.get(`session:${session.id}`)
    let result = await storage.save(session).catch((error: unknown) => error)
    if (result === session.id) return true

    expect(result).toMatchObject({
      code: 'UNSERIALIZABLE',
      message: expect.stringMatching(/"deep".*nested too deep/),
    })
    expect(await redis.side.get(`session:${session.id}`)).toBe(before)
    return false
  }

  async function saveNew(json: string): Promise<boolean> {
    let session = await storage.read(null)
    session.set('first', 1)
    session.set('deep', JSON.parse(json))
    if (!(await isSaved(session))) return false

    let read = await other.read(session.id)
    expect(JSON.stringify(read.get('deep'))).toBe(json)
    return true
  }

  test.each([
    ['arrays', arrays],
    ['objects', objects],
  ] as const)('in %s is saved, or refused and named', async (_, nested) => {
    expect(await saveNew(nested(MODEST))).toBe(true)
    expect(await saveNew(nested(ENORMOUS))).toBe(false)

    // Also where it is only just too deep.
    let [most, least] = [MODEST, ENORMOUS]
    while (least - most > 1) {
      let depth = Math.floor((most + least) / 2)
      if (await saveNew(nested(depth))) most = depth
      else least = depth
    }
  })

  test.each(DEPTHS)(
    '%i deep in Redis is read, and changes with the rest or not at all',
    async (depth) => {
      for (let nested of [arrays, objects]) {
        let text = `[{"first":1,"deep":${nested(depth)}},{}]`
        await redis.side.set(KEY, text)
        let session = await storage.read(ID)
        expect(session.get('first')).toBe(1)
        expect(await storage.save(session)).toBe(null)
        expect(await redis.side.get(KEY)).toBe(text)

        session.set('first', 2)
        let saved = await isSaved(session)
        // Over our own connection, its bytes are not looked at.
        expect([true, depth === MODEST || backend.name.startsWith('url')]).toContain(saved)
        let [{ first }] = await stored()
        expect(first).toBe(saved ? 2 : 1)

        let read = await other.read(ID)
        expect(depthOf(read.get('deep'))).toBe(depth)
        session.unset('deep')
        expect(await storage.save(session)).toBe(ID)
        expect(await stored()).toEqual([{ first: 2 }, {}])
        session.destroy()
        expect(await storage.save(session)).toBe('')
      }
    },
  )

  if (options.onConflict !== 'merge') return

  test('is merged', async () => {
    // Over our own connection, what nobody has touched keeps its bytes.
    let depth = backend.name.startsWith('url') ? 5000 : MODEST
    for (let nested of [arrays, objects]) {
      await redis.side.set(KEY, `[{"deep":${nested(depth)}},{}]`)
      let [one, two] = [await storage.read(ID), await other.read(ID)]
      one.set('one', 1)
      two.set('two', 2)
      two.set('deeper', JSON.parse(nested(MODEST)))
      expect(await storage.save(one)).toBe(ID)
      expect(await other.save(two)).toBe(ID)

      let [{ deep, deeper, ...others }] = await stored()
      expect(others).toEqual({ one: 1, two: 2 })
      expect([deep, deeper].map(depthOf)).toEqual([depth, MODEST])
    }
  })
})
