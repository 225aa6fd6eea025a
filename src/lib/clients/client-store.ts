/** The {@link SessionStore} over a Redis client of the app. */
import type { ClientAdapter } from './client-adapter.ts'
import { toStorageError } from './client-error.ts'
import { adapterOf } from './client-families.ts'
import { RedisSessionStorageError } from '../errors.ts'
import type { RedisClient } from './redis-client.ts'
import type { Replaced, SessionStore, StoreSettings } from '../store/session-store.ts'
import { tooLargeToReadError } from '../store/errors.ts'
import { Order } from '../store/order.ts'
import { Pending } from '../store/pending.ts'
import { sizeOver, type TextPieces } from '../store/text-pieces.ts'

/** Returns whether the caller has been told already that its deadline has passed. */
type IsOver = () => boolean

/** A verb under way: what it is about, and how it is done. */
interface Call<answer, result> {
  ids: string[]
  /** Whether it takes a single command on a single id, which the client keeps in order. */
  isSingle: boolean
  /** How much has to wait until it is done. */
  bytes: number
  work(isOver: IsOver): Promise<answer>
  /** Turns the answer into the caller's result. */
  then(answer: answer): result
}

export class ClientStore implements SessionStore {
  readonly refreshesOnLoad: boolean
  readonly #settings: StoreSettings
  readonly #client: ClientAdapter
  readonly #pending: Pending
  readonly #order = new Order()

  constructor(settings: StoreSettings, client: RedisClient) {
    this.#settings = settings
    this.#client = adapterOf(client)
    this.#pending = new Pending(settings)
    this.refreshesOnLoad = this.#client.refreshesOnLoad && settings.rolling
  }

  load<result>(id: string, then: (text: string | null) => result): Promise<result> {
    let { rolling, ttl, maxBytes } = this.#settings
    let key = this.#key(id)
    let isRefreshed = rolling && ttl !== null
    return this.#call({
      ids: [id],
      isSingle: this.#client.isSingle(isRefreshed ? 'loadAndRefresh' : 'load'),
      bytes: id.length,
      work: async () => {
        let text = await (isRefreshed
          ? this.#client.loadAndRefresh(key, ttl!)
          : this.#client.load(key))
        let bytes = text === null ? undefined : sizeOver(maxBytes, [text])
        if (bytes !== undefined) throw tooLargeToReadError(bytes, maxBytes)
        return text
      },
      then,
    })
  }

  save<result>(
    id: string,
    pieces: TextPieces,
    { stored, obsolete }: Replaced,
    then: (written: boolean) => result,
  ): Promise<result> {
    let text = pieces.join('')
    let ids = [id, stored, obsolete].filter((id) => id !== null)
    let moves = stored !== null && stored !== id
    return this.#call({
      ids,
      isSingle: !moves && obsolete === null && this.#client.isSingle('save'),
      bytes: id.length + text.length,
      work: async (isOver) => {
        let onlyExisting = stored === id
        if (moves) onlyExisting = (await this.#client.load(this.#key(stored!))) === null
        if (isOver()) return false

        let key = this.#key(id)
        let written = await this.#client.save(key, text, this.#settings.ttl, onlyExisting)
        if (written && obsolete !== null && !isOver()) {
          await this.#client.delete(this.#key(obsolete))
        }
        return written
      },
      then,
    })
  }

  touch<result>(id: string, then: (found: boolean) => result): Promise<result> {
    let { ttl } = this.#settings
    return this.#call({
      ids: [id],
      isSingle: this.#client.isSingle('touch'),
      bytes: id.length,
      work: async () => ttl === null || this.#client.touch(this.#key(id), ttl),
      then,
    })
  }

  delete<result>(ids: [string, ...string[]], then: () => result): Promise<result> {
    return this.#call({
      ids,
      isSingle: ids.length === 1 && this.#client.isSingle('delete'),
      bytes: ids.join('').length,
      work: async () => {
        // Until the last one is answered, even where another has failed.
        let deletions = ids.map((id) => this.#client.delete(this.#key(id)))
        await Promise.allSettled(deletions)
        return Promise.all(deletions)
      },
      then,
    })
  }

  ping(): Promise<void> {
    return this.#call({
      ids: [],
      isSingle: true,
      bytes: 0,
      work: () => this.#client.load(this.#key('ping')),
      then: () => undefined,
    })
  }

  close(): Promise<void> {
    return this.#pending.close()
  }

  #key(id: string): string {
    return this.#settings.prefix + id
  }

  /** Makes a call when it is its turn, and ends it at the deadline. */
  #call<answer, result>(made: Call<answer, result>): Promise<result> {
    let { ids, isSingle, bytes } = made
    let { timeout } = this.#settings
    let refusal = this.#pending.admit(bytes)
    if (refusal !== undefined) return Promise.reject(refusal)

    // Dropped when the call ends. It may still be waiting for its turn then, behind a call that the
    // client does not answer, and would keep the session in memory.
    let call: Call<answer, result> | undefined = made
    let isOver = () => call === undefined

    return new Promise((resolve, reject) => {
      let end = (how: (call: Call<answer, result>) => void) => {
        if (call === undefined) return
        let ended = call
        call = undefined
        clearTimeout(timer)
        try {
          how(ended)
        } finally {
          this.#pending.release(bytes)
        }
      }
      let timer = setTimeout(() => end(() => reject(timeoutError(timeout))), timeout)

      this.#order.enter(ids, !isSingle, (turn) => {
        if (call === undefined) {
          this.#order.leave(turn)
          return
        }
        call
          .work(isOver)
          .finally(() => this.#order.leave(turn))
          .then(
            (answer) =>
              end((call) => {
                try {
                  resolve(call.then(answer))
                } catch (error) {
                  reject(error)
                }
              }),
            (error: unknown) => end(() => reject(toStorageError(error, ids))),
          )
      })
    })
  }
}

function timeoutError(timeout: number): RedisSessionStorageError {
  return new RedisSessionStorageError(
    'TIMEOUT',
    `The Redis client did not answer within ${timeout} ms. ` +
      'Check that it is connected and that Redis is up, or raise "timeout".',
  )
}
