/** Whatever requests do to sessions, in whatever order: a storage does as a simple model says. */
import type { Session } from '@remix-run/session'
import fc from 'fast-check'
import type { RedisSessionStorage } from 'remix-session-storage-redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { backends, nodeRedis, type Backend } from '../support/backends.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

const KEYS = ['a', 'b', 'flashed']

/** Something that one of the requests does; several of them have the same session open. */
interface Step {
  request: number
  action: 'open' | 'set' | 'unset' | 'flash' | 'regenerate' | 'replace' | 'destroy' | 'save'
  /** Which session is opened: 0 is the one that was saved last. */
  session: number
  key: string
  value: string
  /** Whether the others wait until it is done. */
  isAwaited: boolean
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    request: fc.nat(4),
    action: fc.oneof(
      { weight: 4, arbitrary: fc.constant('open' as const) },
      { weight: 5, arbitrary: fc.constantFrom('set' as const, 'flash' as const) },
      { weight: 5, arbitrary: fc.constant('save' as const) },
      {
        weight: 3,
        arbitrary: fc.constantFrom('unset', 'regenerate', 'replace', 'destroy' as const),
      },
    ) as fc.Arbitrary<Step['action']>,
    session: fc.nat(2),
    key: fc.constantFrom(...KEYS),
    value: fc.string({ maxLength: 20 }),
    isAwaited: fc.boolean(),
  }),
  // Long enough for several requests to get into each other's way several times.
  { minLength: 30, maxLength: 100, size: 'max' },
)

/** A request that has a session open. */
interface Open {
  session: Session
  /** The id under which the session is stored, if it is. */
  storedId: string | null
  /** The id that was asked for in vain, if one was. */
  askedId: string | null
}

/** What Redis is to hold: the texts of sessions, and what has become of the others, by id. */
class Model {
  readonly texts = new Map<string, string>()
  readonly #destroyed = new Set<string>()
  readonly #successors = new Map<string, string[]>()
  readonly #keepsMarks: boolean

  constructor(keepsMarks: boolean) {
    this.#keepsMarks = keepsMarks
  }

  /** Does what a save does to Redis, and gives what the save gives. */
  save(open: Open): string | null {
    let { session, storedId, askedId } = open
    let { id, deleteId } = session
    if (session.destroyed) {
      for (let each of [id, deleteId, storedId, askedId]) if (each != null) this.#destroy(each)
      return ''
    }
    if (!session.dirty) return null
    if (storedId !== null && !this.#mayReplace(storedId, id)) {
      // A login that is refused because of a logout deletes what it was to replace all the same.
      if (this.#keepsMarks && storedId !== id) this.#deleteOld(open)
      return null
    }

    this.texts.set(id, JSON.stringify(session.data))
    if (storedId === id) return id
    if (storedId !== null) {
      this.#successors.set(storedId, [...(this.#successors.get(storedId) ?? []), id])
    }
    this.#deleteOld(open)
    return id
  }

  #deleteOld({ session: { deleteId }, storedId }: Open): void {
    if (deleteId !== undefined) for (let old of [deleteId, storedId]) this.texts.delete(old!)
  }

  #mayReplace(storedId: string, id: string): boolean {
    if (storedId === id || !this.#keepsMarks) return this.texts.has(storedId)
    return !this.#wasDestroyed(storedId, new Set([id]))
  }

  /** Whether a session was destroyed, be it under another id that it has got. */
  #wasDestroyed(id: string, known: Set<string>): boolean {
    if (this.#destroyed.has(id)) return true
    let others = (this.#successors.get(id) ?? []).filter((other) => !known.has(other))
    for (let other of others) known.add(other)
    return others.some((other) => this.#wasDestroyed(other, known))
  }

  #destroy(id: string): void {
    this.texts.delete(id)
    if (!this.#keepsMarks || this.#destroyed.has(id)) return
    this.#destroyed.add(id)
    for (let successor of this.#successors.get(id) ?? []) this.#destroy(successor)
  }
}

/** Expects of a session that was read for `id` what the model held at the time of the call. */
function expectRead(session: Session, id: string | null, text: string | undefined): void {
  if (text === undefined) {
    expect(session.id).not.toBe(id)
    expect(session.size).toBe(0)
    return
  }
  let [values, flash] = JSON.parse(text)
  expect(session.id).toBe(id)
  expect(session.size).toBe(Object.keys(values).length + Object.keys(flash).length)
  for (let key of ['visitor', ...KEYS]) expect(session.get(key)).toBe(values[key] ?? flash[key])
}

class Run {
  readonly model: Model
  readonly #storage: RedisSessionStorage
  readonly #requests: Promise<Open>[]
  /** The ids that were ever given to a visitor, in the order of the calls. */
  readonly #ids: string[] = []
  /** Ids that were destroyed: whoever comes with one of them gets a new session. */
  readonly #destroyed = new Set<string>()
  #visitors = 0

  constructor(storage: RedisSessionStorage, keepsMarks: boolean) {
    this.model = new Model(keepsMarks)
    this.#storage = storage
    this.#requests = Array.from({ length: 5 }, () => this.#open(null))
  }

  async step({ request, action, session: index, key, value, isAwaited }: Step): Promise<void> {
    // A request does one thing after the other; the calls of the others may be under way.
    let open = await this.#requests[request]!
    let { session } = open
    if (action === 'open') {
      this.#requests[request] = this.#open(this.#ids.at(-1 - index) ?? null)
    } else if (action === 'save') {
      // A logout may lead to further ids, where it does not wait for its turn.
      if (session.destroyed) await this.end()
      this.#requests[request] = this.#save(open)
    } else if (session.destroyed) {
      return
    } else if (action === 'set') {
      session.set(key, value)
    } else if (action === 'unset') {
      session.unset(key)
    } else if (action === 'flash') {
      session.flash('flashed', value)
    } else if (action === 'regenerate') {
      session.regenerateId(false)
    } else if (action === 'replace') {
      session.regenerateId(true)
    } else {
      session.destroy()
    }
    if (isAwaited || session.destroyed) await this.#requests[request]
  }

  async end(): Promise<void> {
    await Promise.all(this.#requests)
  }

  async #open(id: string | null): Promise<Open> {
    let text = id === null ? undefined : this.model.texts.get(id)
    if (id !== null && this.#destroyed.has(id)) expect(text).toBe(undefined)
    let session = await this.#storage.read(id)
    expectRead(session, id, text)
    if (text === undefined) session.set('visitor', ++this.#visitors)
    return text === undefined
      ? { session, storedId: null, askedId: id }
      : { session, storedId: id, askedId: null }
  }

  async #save(open: Open): Promise<Open> {
    let { session, storedId, askedId } = open
    let expected = this.model.save(open)
    if (session.destroyed) this.#destroyed.add(session.id)
    if (expected && !this.#ids.includes(expected)) this.#ids.push(expected)

    expect(await this.#storage.save(session)).toBe(expected)
    return { session, storedId: expected || storedId, askedId }
  }
}

const tested = new Set([
  'url',
  'url, 4 connections',
  'node-redis',
  'ioredis',
  'minimal client with setEx and expire',
  'minimal client with setEx',
])

interface Setup {
  name: string
  backend: Backend
  args: string[]
}

const setups: Setup[] = backends
  .filter(({ name }) => tested.has(name))
  .map((backend) => ({ name: backend.name, backend, args: [] }))
setups.push({
  name: 'node-redis, where a read is GET and EXPIRE',
  backend: nodeRedis,
  args: ['--rename-command', 'GETEX', ''],
})

describe.each(setups)('$name', ({ backend, args }) => {
  let redis: TestRedis
  beforeAll(async () => {
    redis = await startRedis({ args })
  })
  afterAll(() => redis.stop())

  async function contents(): Promise<Map<string, string>> {
    let ids = await redis.sessionIds()
    let entries = ids.map(async (id) => [id, (await redis.side.get(`session:${id}`))!] as const)
    return new Map(await Promise.all(entries))
  }

  test('holds what was saved last, and nothing that was destroyed', async () => {
    let { storage, close } = await backend.create(redis, { onConflict: 'overwrite' })
    try {
      await fc.assert(
        fc.asyncProperty(steps, async (steps) => {
          await redis.side.flushAll()
          let run = new Run(storage, backend.isAtomic)
          for (let step of steps) await run.step(step)
          await run.end()

          expect(await contents()).toEqual(run.model.texts)
        }),
        { numRuns: 150 },
      )
    } finally {
      await close()
    }
    // Passes in a second or two; a counterexample takes a while to be made small.
  }, 60_000)
})
