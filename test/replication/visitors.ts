/** Visitors who know what was acknowledged to them, and notice what of it is lost. */
import { setTimeout as sleep } from 'node:timers/promises'

import { RedisSessionStorageError, type RedisSessionStorage } from 'remix-session-storage-redis'

export interface Tally {
  saves: { acknowledged: number; lost: number }
  logouts: { acknowledged: number; lost: number }
  /** Requests that failed, so that nobody believed that they had an effect. */
  failed: number
}

export interface Visitors {
  /** Looks what has become of all that was acknowledged; to be called when all servers work. */
  stop(): Promise<Tally>
}

/** How many go on saving in one session each, and how many log out of one session after the other. */
const SAVERS = 64
const LEAVERS = 16

/** Milliseconds between two requests of one of them, at most. */
const PAUSE = 100

/** How many sessions there are to log out of: more than it takes for as long as a scenario lasts. */
const SESSIONS = 12_000

/** Milliseconds after which replicas have the sessions that there are from the beginning. */
const REPLICATED_AFTER = 500

export async function startVisitors(storage: RedisSessionStorage): Promise<Visitors> {
  let tally: Tally = {
    saves: { acknowledged: 0, lost: 0 },
    logouts: { acknowledged: 0, lost: 0 },
    failed: 0,
  }
  let isOver = false
  let ids = await storedSessions(storage)
  let left: string[] = []
  await sleep(REPLICATED_AFTER)

  async function repeat(request: () => Promise<void>) {
    while (!isOver) {
      try {
        await request()
      } catch (error) {
        if (!(error instanceof RedisSessionStorageError)) throw error
        tally.failed++
      }
      await sleep(PAUSE * Math.random())
    }
  }

  async function save() {
    let id: string | null = null
    let count = 0
    let acknowledged: string[] = []
    await repeat(async () => {
      let session = await storage.read(id)
      // A value of its own, which no later save writes again.
      let key = `save ${count++}`
      session.set(key, true)
      let saved = await storage.save(session)
      if (!saved) return
      id = saved
      acknowledged.push(key)
    })
    let session = await storage.read(id)
    tally.saves.acknowledged += acknowledged.length
    tally.saves.lost += acknowledged.filter((key) => !session.has(key)).length
  }

  function leave() {
    return repeat(async () => {
      let id = ids.pop()
      if (id === undefined) throw new Error('There are no sessions left to log out of')
      let session = await storage.read(id)
      session.destroy()
      await storage.save(session)
      tally.logouts.acknowledged++
      left.push(id)
    })
  }

  let visits = Promise.all([...times(SAVERS, save), ...times(LEAVERS, leave)])
  return {
    async stop() {
      isOver = true
      await visits
      for (let id of left) {
        if ((await storage.read(id)).has('count')) tally.logouts.lost++
      }
      return tally
    },
  }
}

async function storedSessions(storage: RedisSessionStorage): Promise<string[]> {
  let ids: string[] = []
  while (ids.length < SESSIONS) {
    let some = times(100, async () => {
      let session = await storage.read(null)
      session.set('count', 0)
      await storage.save(session)
      return session.id
    })
    ids.push(...(await Promise.all(some)))
  }
  return ids
}

function times<result>(count: number, action: () => result): result[] {
  return Array.from({ length: count }, action)
}
