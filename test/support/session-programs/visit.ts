/** A visitor's requests, whose session is in Redis, next to the same session in Remix's class. */
import { createSession, type Session } from '@remix-run/session'
import assert from 'node:assert/strict'
import type { RedisSessionStorage } from 'remix-session-storage-redis'

import type { TestRedis } from '../redis.ts'
import { sessionPart } from '../stored-data.ts'
import { ObjectPairs } from './object-pairs.ts'
import { sessionData } from './session-data.ts'
import { Twins } from './twins.ts'

const ID = 'the-id'

export class Visit {
  readonly #storage: RedisSessionStorage
  readonly #redis: TestRedis
  readonly #objects = new ObjectPairs()
  /** What Redis holds, by session id. */
  readonly #texts = new Map<string, string>()
  /** Ids, and those that their sessions have got. */
  readonly #successors: [id: string, successor: string][] = []
  #twins!: Twins
  /** Where the session was read, or saved last; `null` for a new one. */
  #storedId: string | null = null
  /** Whether the session was read from a text that `JSON.stringify` would write. */
  #isCanonical = true

  private constructor(storage: RedisSessionStorage, redis: TestRedis) {
    this.#storage = storage
    this.#redis = redis
  }

  /**
   * Starts in an otherwise empty Redis.
   *
   * @param text is what Redis holds of the session; `null` for a visitor without one
   */
  static async start(
    storage: RedisSessionStorage,
    redis: TestRedis,
    text: string | null,
  ): Promise<Visit> {
    let visit = new Visit(storage, redis)
    await redis.side.flushAll()
    await visit.#begin()
    if (text !== null) {
      await redis.side.set(`session:${ID}`, text)
      visit.#texts.set(ID, text)
      await visit.#read(ID, text)
    }
    return visit
  }

  get twins(): Twins {
    return this.#twins
  }

  /** Saves the session, which does what Remix's own storage does with the other one. */
  async save(): Promise<void> {
    let { ours, theirs } = this.#twins
    let saved = this.#storage.save(ours)
    if (theirs.destroyed) {
      assert.equal(await saved, '')
      for (let id of [ours.id, ours.deleteId, this.#storedId]) this.#forget(id!)
    } else if (!theirs.dirty) {
      assert.equal(await saved, null)
    } else if (isRefused(theirs.data)) {
      await assert.rejects(saved, (error: Error & { code: string }) => {
        assert.equal(error.code, 'UNSERIALIZABLE')
        assert.ok(error.message.includes(` value ${JSON.stringify(refusedKey(theirs))}.`))
        return true
      })
    } else {
      assert.equal(await saved, ours.id)
      // Also an id that it has had in between, of which nobody else knows.
      if (ours.deleteId !== undefined) {
        for (let id of [ours.deleteId, this.#storedId]) this.#texts.delete(id!)
      }
      if (this.#storedId !== null) this.#successors.push([this.#storedId, ours.id])
      this.#storedId = ours.id
      return this.#expectSaved(ours.id, JSON.stringify(theirs.data))
    }
    await this.#expectTexts()
  }

  /** A session that is destroyed is so under all ids that it has got, too. */
  #forget(id: string): void {
    this.#texts.delete(id)
    for (let [before, successor] of this.#successors) {
      if (before === id && successor !== id) this.#forget(successor)
    }
  }

  /** Saves the session, and reads what Redis holds then. */
  async nextRequest(): Promise<void> {
    await this.save()
    let text = this.#texts.get(this.#storedId!)
    if (text === undefined) await this.#begin()
    else await this.#read(this.#storedId!, text)
  }

  /** Begins a new session, as for a visitor without a cookie. */
  async #begin(): Promise<void> {
    let session = await this.#storage.read(null)
    this.#twins = new Twins(session, createSession(session.id), this.#objects)
    this.#storedId = null
    this.#isCanonical = true
  }

  /** Reads a session. A text that is not one has to be refused, and the visit goes on as before. */
  async #read(id: string, text: string): Promise<void> {
    let data = sessionData(text)
    let session = this.#storage.read(id)
    if (data === undefined) return assert.rejects(session, { code: 'CORRUPT' })

    this.#twins = new Twins(await session, createSession(id, data), this.#objects)
    this.#storedId = id
    this.#isCanonical = text === JSON.stringify(JSON.parse(text))
  }

  /**
   * Expects that Redis holds this JSON. It is the very text if the session was read from one that
   * `JSON.stringify` would write; of any other, what is untouched keeps its bytes, such as `1.0`.
   */
  async #expectSaved(id: string, json: string): Promise<void> {
    this.#texts.delete(id)
    let text = await this.#expectTexts(id)
    let part = sessionPart(text)!
    assert.equal(this.#isCanonical ? part : JSON.stringify(JSON.parse(part)), json)
    this.#texts.set(id, text!)
  }

  /**
   * Expects that Redis holds what it has held, and a session under `id` if that is given; returns the
   * text of that one.
   */
  async #expectTexts(id?: string): Promise<string | null> {
    let ids = [id ?? 'none', ...this.#texts.keys()]
    let [stored, [text, ...others]] = await Promise.all([
      this.#redis.sessionIds(),
      this.#redis.side.mGet(ids.map((id) => `session:${id}`)),
    ])
    assert.deepEqual(others, [...this.#texts.values()])
    assert.equal(stored.length, others.length + (id === undefined ? 0 : 1))
    return text!
  }
}

/** Returns the first key whose value JSON cannot express. */
function refusedKey({ data }: Session): string {
  let entries = data.flatMap((values) => Object.entries(values))
  return entries.find(([, value]) => isRefused(value))![0]
}

function isRefused(value: unknown): boolean {
  try {
    JSON.stringify(value)
    return false
  } catch {
    return true
  }
}
