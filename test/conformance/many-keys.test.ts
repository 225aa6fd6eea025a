/** A session with 100,000 keys: the time that it takes grows with the number of keys, not with its square. */
import type { Session } from '@remix-run/session'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { RedisSessionStorage } from 'remix-session-storage-redis'

import { native, nodeRedis, type OpenStorage } from '../support/backends.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'
import { setups } from '../support/setups.ts'

const ID = 'the-id'
const KEY = `session:${ID}`

const COUNT = 100_000

/** In milliseconds of the processor. What takes a step for each pair of keys takes much longer. */
const SOON = 3000

/** In milliseconds, on a machine that is busy with other tests. */
const TIMEOUT = 60_000

let keys = Array.from({ length: COUNT }, (_, index) => `key-${index}`)
let values = Object.fromEntries(keys.map((key, index) => [key, index]))

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())
beforeEach(() => redis.side.flushAll())

function processorTime(): number {
  let { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** What a session costs is the same over all clients. */
let tested = setups.filter(({ backend }) => [native, nodeRedis].includes(backend))

describe.each(tested)('$name', { timeout: TIMEOUT }, ({ backend, options }) => {
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

  /** Lets a request do this, and gives the time that it took from its read to its save. */
  async function timeOf(cookie: string | null, change: (session: Session) => void) {
    let start = processorTime()
    let session = await storage.read(cookie)
    change(session)
    expect(await storage.save(session)).toBe(session.id)
    return { id: session.id, time: processorTime() - start }
  }

  test('is filled key by key', async () => {
    let { id, time } = await timeOf(null, (session) => {
      for (let key of keys) {
        session.set(key, values[key])
        session.flash(key, values[key])
      }
    })

    expect(time).toBeLessThan(SOON)
    expect(await stored(id)).toEqual([values, values])
  })

  test('is read, changed in one key, and saved', async () => {
    await redis.side.set(KEY, JSON.stringify([values, {}]))
    let { time } = await timeOf(ID, (session) => {
      expect(session.size).toBe(COUNT)
      session.set('key-7', 'changed')
    })

    expect(time).toBeLessThan(SOON)
    expect(await stored()).toEqual([{ ...values, 'key-7': 'changed' }, {}])
  })

  test('is looked at, changed and emptied key by key', async () => {
    await redis.side.set(KEY, JSON.stringify([values, values]))
    let { time } = await timeOf(ID, (session) => {
      let wrong = keys.filter((key) => !session.has(key) || session.get(key) !== values[key])
      expect(wrong).toEqual([])
      for (let key of keys) session.set(key, 'changed')
      for (let key of keys.slice(1)) session.unset(key)
    })

    expect(time).toBeLessThan(SOON)
    expect(await stored()).toEqual([{ 'key-0': 'changed' }, {}])
  })

  if (options.onConflict !== 'merge') return

  test('is merged, and so is one in which both have set all of them', async () => {
    await redis.side.set(KEY, JSON.stringify([values, {}]))
    for (let changed of [['key-7'], keys]) {
      let late = await other.read(ID)
      await timeOf(ID, (session) => {
        for (let key of changed) session.set(key, 'early')
        session.set('early', true)
      })
      let start = processorTime()
      for (let key of changed) {
        late.set(key, 'late')
        late.flash(key, 'late')
      }
      expect(await other.save(late)).toBe(ID)

      expect(processorTime() - start).toBeLessThan(SOON)
      let there = Object.fromEntries(changed.map((key) => [key, 'late']))
      expect(await stored()).toEqual([{ ...values, ...there, early: true }, there])
    }
  })
})
