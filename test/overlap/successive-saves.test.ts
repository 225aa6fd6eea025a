/** One session object that is saved again while an earlier save of it is under way. */
import type { Session } from '@remix-run/session'
import fc from 'fast-check'
import type { RedisSessionStorage } from 'remix-session-storage-redis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import type { OpenStorage } from '../support/backends.ts'
import { servers, startRedis, type TestRedis } from '../support/redis.ts'
import { setups } from '../support/setups.ts'

type Step = 'set' | 'replace' | 'regenerate' | 'save' | 'other'

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom<Step>('set', 'other') },
    { weight: 3, arbitrary: fc.constant<Step>('save') },
    { weight: 1, arbitrary: fc.constantFrom<Step>('replace', 'regenerate') },
  ),
  { minLength: 4, maxLength: 14 },
)

const tested = new Set(['url', 'url, 4 connections', 'node-redis', 'ioredis'])
const tried = setups.filter(({ backend }) => tested.has(backend.name))

describe.each(servers)('on $name', ({ binary }) => {
  let redis: TestRedis
  beforeAll(async () => {
    redis = await startRedis({ binary: binary() })
  })
  afterAll(() => redis.stop())

  describe.each(tried)('over $name', ({ backend, options }) => {
    let open: OpenStorage
    let storage: RedisSessionStorage
    beforeEach(async () => {
      open = await backend.create(redis, options)
      storage = open.storage
    })
    afterEach(() => open.close())

    async function valuesOf(id: string): Promise<Session['data'][0]> {
      return JSON.parse((await redis.side.get(`session:${id}`))!)[0]
    }

    test('is stored as by one save after the other', async () => {
      await fc.assert(
        fc.asyncProperty(fc.boolean(), steps, async (isNew, steps) => {
          await redis.side.flushAll()
          let run = new Run(storage, isNew ? null : await saved(storage))
          await run.open()
          for (let step of steps) await run.step(step)
          run.save()
          await run.end()

          expect(new Set(await redis.sessionIds())).toEqual(run.stored)
          let others = options.onConflict === 'merge' ? run.others : {}
          expect(await valuesOf(run.id)).toMatchObject({ ...run.values, ...others })
        }),
        { numRuns: 60 },
      )
    }, 60_000)

    test('is read as it is after a save that was called before', async () => {
      let session = (await storage.read(await saved(storage)))!
      session.set('a', 1)
      let first = storage.save(session)
      session.set('b', 2)
      let second = storage.save(session)
      let read = storage.read(session.id)

      expect(await Promise.all([first, second])).toEqual([session.id, session.id])
      expect((await read).get('b')).toBe(2)
    })

    test('is stored before the storage is closed', async () => {
      let session = await storage.read(null)
      session.set('a', 1)
      let saves = [storage.save(session)]
      session.regenerateId(true)
      session.set('b', 2)
      saves.push(storage.save(session))
      session.set('c', 3)
      saves.push(storage.save(session))
      let closed = storage.close()
      expect((await Promise.all(saves)).slice(1)).toEqual([session.id, session.id])
      await closed
      expect(await valuesOf(session.id)).toMatchObject({ a: 1, b: 2, c: 3 })
    })
  })
})

async function saved(storage: RedisSessionStorage): Promise<string> {
  let session = await storage.read(null)
  session.set('before', true)
  return (await storage.save(session))!
}

/** A request that does not wait for its saves, and others on the same session, which come one by one. */
class Run {
  readonly #storage: RedisSessionStorage
  #session!: Session
  readonly #read: string | null
  readonly #saves: [promise: Promise<string | null>, id: string][] = []
  #count = 0
  /** What is to be there in the end: by this request, and by others. */
  readonly values: Record<string, unknown> = {}
  readonly others: Record<string, unknown> = {}
  readonly stored = new Set<string>()
  /** The id under which the session is stored once all saves have ended. */
  #storedId: string | null

  constructor(storage: RedisSessionStorage, read: string | null) {
    this.#storage = storage
    this.#read = read
    this.#storedId = read
    if (read !== null) this.stored.add(read)
  }

  get id(): string {
    return this.#session.id
  }

  async open(): Promise<void> {
    this.#session = await this.#storage.read(this.#read)
    this.#session.set('mine', 0)
  }

  async step(step: Step): Promise<void> {
    let session = this.#session
    if (step === 'set') {
      let key = `mine${++this.#count}`
      session.set(key, this.#count)
      this.values[key] = this.#count
    } else if (step === 'replace') {
      session.regenerateId(true)
    } else if (step === 'regenerate') {
      session.regenerateId(false)
    } else if (step === 'save') {
      this.save()
    } else {
      await this.#other()
    }
  }

  save(): void {
    let { id, deleteId } = this.#session
    this.#saves.push([this.#storage.save(this.#session), id])
    this.stored.add(id)
    if (id !== this.#storedId && deleteId !== undefined) {
      for (let old of [deleteId, this.#storedId]) if (old !== null) this.stored.delete(old)
    }
    this.#storedId = id
  }

  async end(): Promise<void> {
    for (let [save, id] of this.#saves) expect(await save).toBe(id)
  }

  /** Another request changes the session, if the earlier saves have not given it another id. */
  async #other(): Promise<void> {
    if (this.#read === null) return
    let other = await this.#storage.read(this.#read)
    if (other.id !== this.#read) return
    let key = `other${++this.#count}`
    other.set(key, this.#count)
    let saved = await this.#storage.save(other)
    // It need not come along if the session has got its new id before.
    let isMoved = this.#saves.some(([, id]) => id !== this.#read)
    if (saved !== null && !isMoved) this.others[key] = this.#count
  }
}
