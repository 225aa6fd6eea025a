/**
 * A process that sends so many requests a second whatever becomes of them, and watches its event loop: `load.ts` starts
 * it. A request reads a session, changes it and saves it.
 */
import {
  createRedisSessionStorage,
  RedisSessionStorageError,
  type UrlOptions,
} from 'remix-session-storage-redis'

import { watchTurns } from './turns.ts'

export interface LoadOptions {
  storage: UrlOptions
  /** Requests a second. */
  rate: number
}

/** A read or a save. */
export interface Call {
  /** By `performance.now()`. */
  start: number
  end: number
}

let { storage: options, rate }: LoadOptions = JSON.parse(process.argv[2]!)
let storage = createRedisSessionStorage(options)
let calls: Call[] = []
let failures: Record<string, number> = {}
let started = 0
let succeeded = 0

async function timed<result>(call: Promise<result>): Promise<result> {
  let start = performance.now()
  try {
    return await call
  } finally {
    calls.push({ start, end: performance.now() })
  }
}

async function request(ids: string[]) {
  let visitor = started++ % ids.length
  try {
    let session = await timed(storage.read(ids[visitor]!))
    session.set('count', started)
    let id = await timed(storage.save(session))
    succeeded++
    // A server that was killed has forgotten the session.
    if (id) ids[visitor] = id
  } catch (error) {
    if (!(error instanceof RedisSessionStorageError)) throw error
    let reason = error.reply ?? error.code
    failures[reason] = (failures[reason] ?? 0) + 1
  }
}

async function newSession(): Promise<string> {
  let session = await storage.read(null)
  session.set('padding', 'x'.repeat(250))
  await storage.save(session)
  return session.id
}

// Each visitor comes once a second.
let ids = await Promise.all(Array.from({ length: rate }, newSession))
let begin = performance.now()
setInterval(() => {
  let due = Math.floor(((performance.now() - begin) * rate) / 1000)
  while (started < due) void request(ids)
}, 1)
let turns = watchTurns()

process.on('message', () => {
  let phase = { started, succeeded, calls, failures, turns: turns.take() }
  calls = []
  failures = {}
  process.send!(phase)
})
process.on('disconnect', () => process.exit())
process.send!('ready')
