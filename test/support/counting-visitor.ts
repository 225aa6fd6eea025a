/** A visitor who counts in a session, one request after the other, whatever becomes of the servers. */
import { setTimeout as sleep } from 'node:timers/promises'

import { RedisSessionStorageError, type RedisSessionStorage } from 'remix-session-storage-redis'
import { expect } from 'vitest'

import { SLACK } from './failure.ts'

/** What requests may fail with while servers fail: codes, or those of Redis's replies. */
export const PASSING = ['CONNECT', 'TIMEOUT', 'DISCONNECTED']

/** What nodes of a cluster refuse with as long as it is not whole, or they send a command to each other. */
export const CLUSTER_REFUSALS = ['CLUSTERDOWN', 'TRYAGAIN', 'LOADING', 'MOVED']

export interface CountingVisitor {
  /** Settles when the visitor has ended; rejects as soon as something happens that must not. */
  done: Promise<void>
  /** When requests have succeeded, by `performance.now()`. */
  successes: number[]
  /** What requests have failed with. */
  failures: string[]
  readonly id: string
  /** The latest count whose save has succeeded. */
  readonly acknowledged: number
  stop(): Promise<void>
}

/** `name` is in the session, and tells it from those of others. */
export function startCountingVisitor(
  storage: RedisSessionStorage,
  options: { id: string; name?: number; timeout: number; refusals?: string[] },
): CountingVisitor {
  let { id, name = 0, timeout, refusals = [] } = options
  let acknowledged = 0
  let attempted = 0
  let isOver = false
  let successes: number[] = []
  let failures: string[] = []

  async function visit() {
    let session = await storage.read(id)
    let value = session.get('value') as { name: number; count: number } | 0 | undefined
    // Lost with its primary before a replica had it. The visitor starts again.
    if (value === undefined) {
      session = await storage.read(null)
      attempted = 0
    } else if (value !== 0) {
      expect(value.name).toBe(name)
      expect(value.count).toBeLessThanOrEqual(attempted)
    }
    let count = ++attempted
    session.set('value', { name, count })
    let saved = await storage.save(session)
    if (saved === null) return
    expect(saved).toBe(session.id)
    id = saved
    acknowledged = count
    successes.push(performance.now())
  }

  async function run() {
    while (!isOver) {
      let start = performance.now()
      try {
        await visit()
      } catch (error) {
        if (!(error instanceof RedisSessionStorageError)) throw error
        let { code, reply = code } = error
        failures.push(reply)
        expect([...PASSING, ...refusals]).toContain(reply)
      }
      // A request is a read and a save.
      expect(performance.now() - start).toBeLessThan(2 * timeout + SLACK)
      await sleep(Math.random() * 20)
    }
  }

  let done = run()
  // Whoever stops the visitor is told.
  done.catch(() => {})
  return {
    done,
    successes,
    failures,
    get id() {
      return id
    },
    get acknowledged() {
      return acknowledged
    },
    async stop() {
      isOver = true
      await done
    },
  }
}
