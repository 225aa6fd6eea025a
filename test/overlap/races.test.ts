/** Logins and logouts that overlap with other requests of the same visitor, over slow connections. */
import type { Session } from '@remix-run/session'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { native, type OpenStorage } from '../support/backends.ts'
import { stored } from '../support/failure.ts'
import { startProxy, type Proxy } from '../support/proxy.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'
import { setups } from '../support/setups.ts'

/** Over a URL, and over each client: what is raced is above them. */
const ROUNDS = 1000
const ROUNDS_OVER_CLIENTS = 250
const AT_ONCE = 50

/** Milliseconds that each message of the slow storage takes, at most. */
const SLOW = 2

let redis: TestRedis
let proxy: Proxy
let other: OpenStorage
/** How many milliseconds a save of the slow storage took of late, on average: the machines are slow and busy at times. */
let usual = 10
beforeAll(async () => {
  redis = await startRedis()
  proxy = await startProxy(redis)
  proxy.jitter(SLOW)
  other = await native.create(redis)
})
afterAll(async () => {
  await other.close()
  await proxy.stop()
  await redis.stop()
})

/** What the slow request does before it saves. */
const slowRequests: [what: string, change: (session: Session) => void][] = [
  ['a save', (session) => session.set('value', 'new')],
  ['a login', (session) => session.regenerateId(true)],
  ['a login that keeps the old id', (session) => session.regenerateId(false)],
]

let withMarks = setups.filter(({ backend }) => backend.isAtomic)

describe.each(withMarks)('over $name', ({ backend, options }) => {
  let slow: OpenStorage
  let rounds = backend === native ? ROUNDS : ROUNDS_OVER_CLIENTS
  beforeAll(async () => {
    slow = await backend.create({ ...redis, port: proxy.port, url: proxy.url }, options)
  })
  afterAll(() => slow.close())

  interface Round {
    id: string
    /** The same session in two requests: over the slow storage, and over the other one. */
    late: Session
    early: Session
  }

  async function race(round: (sessions: Round) => Promise<void>): Promise<void> {
    let left = rounds
    async function run() {
      while (left-- > 0) {
        let id = await stored(other.storage, 'old')
        let [late, early] = [await slow.storage.read(id), await other.storage.read(id)]
        await round({ id, late, early })
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, run))
  }

  async function saveSlowly(session: Session): Promise<string | null> {
    let start = performance.now()
    let result = await slow.storage.save(session)
    usual += (performance.now() - start - usual) / 20
    return result
  }

  let logouts: [what: string, logOut: (round: Round) => Promise<string | null>][] = [
    ['that has read the session before', ({ early }) => (early.destroy(), later(early))],
    ['that reads the session later', ({ id }) => logOutLater(id)],
  ]
  let races = logouts.flatMap(([which, logOut]) =>
    slowRequests.map(([what, change]) => [which, what, logOut, change] as const),
  )
  test.each(races)('a logout %s is not undone by %s', async (_, __, logOut, change) => {
    let saved = 0
    await race(async (round) => {
      let { id, late } = round
      change(late)
      let [result, cleared] = await Promise.all([saveSlowly(late), logOut(round)])

      expect(cleared).toBe('')
      expect(await exist(id, late.id)).toEqual([false, false])
      if (result !== null) saved++
    })
    // Sometimes one was first, sometimes the other; so they have met.
    expect(saved).toBeGreaterThan(0)
    expect(saved).toBeLessThan(rounds)
  })

  let rivals: [what: string, act: (round: Round) => Promise<unknown>][] = [
    ['another login', ({ early }) => (early.regenerateId(true), later(early))],
    ['a login that keeps the old id', ({ early }) => (early.regenerateId(false), later(early))],
    ['an expiry', ({ id }) => sleep(delay()).then(() => redis.side.del(`session:${id}`))],
  ]
  test.each(rivals)('a login is not lost to %s', async (_, act) => {
    await race(async (round) => {
      let { late, early } = round
      late.regenerateId(true)
      late.set('user', 'ann')
      let [result] = await Promise.all([saveSlowly(late), act(round)])

      expect(result).toBe(late.id)
      expect((await other.storage.read(late.id)).get('user')).toBe('ann')
      expect(await exist(early.id)).toEqual([early.id !== round.id])
    })
  })
})

/** How long the other request waits, so that it comes before, in or after a save of the slow storage. */
function delay(): number {
  return Math.random() * 2 * usual
}

async function later(session: Session): Promise<string | null> {
  await sleep(delay())
  return other.storage.save(session)
}

/** A logout that knows nothing but the id that its cookie names, which may be that of before a login. */
async function logOutLater(id: string): Promise<string | null> {
  if (Math.random() < 0.5) await sleep(delay())
  let session = await other.storage.read(id)
  session.destroy()
  return other.storage.save(session)
}

function exist(...ids: string[]): Promise<boolean[]> {
  return Promise.all(ids.map(async (id) => (await redis.side.exists(`session:${id}`)) === 1))
}
