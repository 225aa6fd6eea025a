/** The {@link SessionStore} over a Redis client of the app. */
import type { ClientAdapter } from './client-adapter.ts'
import { replyCode, toStorageError } from './client-error.ts'
import { adapterOf } from './client-families.ts'
import { RedisSessionStorageError } from '../errors.ts'
import type { RedisClient } from './redis-client.ts'
import {
  Unreadable,
  waited,
  type Condition,
  type SessionStore,
  type StoreSettings,
  type Terms,
} from '../store/session-store.ts'
import { Order } from '../store/order.ts'
import { pause } from '../store/pause.ts'
import { Pending } from '../store/pending.ts'
import { sizeOver, type TextPieces } from '../store/text-pieces.ts'

/** A verb under way: what it is about, and how it is done. */
interface Call<answer, result> {
  /** The session that it is about; none for a ping. */
  id?: string
  /** Whether it takes a single command, which the client keeps in order. */
  isSingle: boolean
  /** How much has to wait until it is done. */
  bytes: number
  work(): Promise<answer>
  /** Turns the answer into the caller's result. */
  then(answer: answer): result | Promise<result>
  terms: Terms | undefined
  /**
   * What is done where the connection broke: the call is made again, or the answer is `false`, or, by
   * default, it fails.
   */
  onBroken?: 'again' | 'false'
}

/** How often a call is made that the client fails at. A client that is closed fails at once, again and again. */
const MOST_TRIES = 5

export class ClientStore implements SessionStore {
  readonly pending: Pending
  readonly refreshesOnLoad: boolean
  readonly keepsMarks: boolean
  readonly #settings: StoreSettings
  readonly #client: ClientAdapter
  readonly #order = new Order()

  constructor(settings: StoreSettings, client: RedisClient) {
    this.#settings = settings
    this.#client = adapterOf(client)
    this.pending = new Pending(settings)
    this.refreshesOnLoad = this.#client.refreshesOnLoad && settings.rolling
    this.keepsMarks = this.#client.append !== undefined
  }

  load<result>(
    id: string,
    then: (text: string | null | Unreadable) => result,
    terms?: Terms,
  ): Promise<result> {
    let { rolling, ttl } = this.#settings
    if (!rolling || ttl === null) return this.peek(id, then, terms)

    return this.#call({
      id,
      isSingle: this.#client.isSingle('loadAndRefresh'),
      bytes: id.length,
      work: () => this.#read(this.#client.loadAndRefresh(this.#key(id), ttl)),
      then,
      terms,
      onBroken: 'again',
    })
  }

  peek<result>(
    id: string,
    then: (text: string | null | Unreadable) => result,
    terms?: Terms,
  ): Promise<result> {
    return this.#call({
      id,
      isSingle: this.#client.isSingle('load'),
      bytes: id.length,
      work: () => this.#read(this.#client.load(this.#key(id))),
      then,
      terms,
      onBroken: 'again',
    })
  }

  save<result>(
    id: string,
    pieces: TextPieces,
    condition: Condition,
    then: (written: boolean) => result | Promise<result>,
    terms?: Terms,
  ): Promise<result> {
    let text = pieces.join('')
    let ttl = terms?.ttl ?? this.#settings.ttl
    let key = this.#key(id)
    let call = {
      id,
      isSingle: this.#client.isSingle(typeof condition === 'string' ? 'save' : 'replace'),
      bytes: id.length + text.length,
      then,
      terms,
    }
    if (typeof condition === 'string') {
      let work = () => this.#client.save(key, text, ttl, condition)
      return this.#call({ ...call, work, onBroken: condition === 'new' ? 'false' : undefined })
    }
    let work = () => this.#client.replace!(key, text, ttl, condition)
    return this.#call({ ...call, work, onBroken: 'false' })
  }

  touch<result>(id: string, then: (found: boolean) => result, terms?: Terms): Promise<result> {
    let ttl = terms?.ttl ?? this.#settings.ttl
    return this.#call({
      id,
      isSingle: this.#client.isSingle('touch'),
      bytes: id.length,
      work: async () => ttl === null || this.#client.touch(this.#key(id), ttl),
      then,
      terms,
      onBroken: 'again',
    })
  }

  delete(id: string, terms?: Terms): Promise<void> {
    return this.#call({
      id,
      isSingle: this.#client.isSingle('delete'),
      bytes: id.length,
      work: () => this.#client.delete(this.#key(id)),
      then: () => undefined,
      terms,
      onBroken: 'again',
    })
  }

  append(id: string, text: string, terms?: Terms): Promise<void> {
    return this.#call({
      id,
      isSingle: this.#client.isSingle('append'),
      bytes: id.length + text.length,
      work: () => this.#client.append!(this.#key(id), text),
      then: () => undefined,
      terms,
      onBroken: 'again',
    })
  }

  ping(): Promise<void> {
    return this.#call({
      isSingle: true,
      bytes: 0,
      work: () => this.#client.load(this.#key('ping')),
      then: () => undefined,
      terms: undefined,
    })
  }

  close(): Promise<void> {
    return this.pending.close()
  }

  async #read(loading: Promise<string | null>): Promise<string | null | Unreadable> {
    let { maxBytes } = this.#settings
    try {
      let text = await loading
      let bytes = text === null ? undefined : sizeOver(maxBytes, [text])
      return bytes === undefined ? text : tooLarge(bytes, maxBytes)
    } catch (error) {
      if (replyCode(error) !== 'WRONGTYPE') throw error
      return new Unreadable('is not text, but of another type')
    }
  }

  #key(id: string): string {
    return this.#settings.prefix + id
  }

  /** Makes a call when it is its turn, and ends it at the deadline. */
  #call<answer, result>(made: Call<answer, result>): Promise<result> {
    let { id, isSingle, bytes, terms } = made
    let ids = id === undefined ? [] : [id]
    let { timeout } = this.#settings
    let refusal = this.pending.admit(bytes, terms?.since !== undefined)
    if (refusal !== undefined) return Promise.reject(refusal)

    let left = Math.max(0, timeout - waited(terms))

    // Dropped when the call ends. It may still be waiting for its turn then, behind a call that the
    // client does not answer, and would keep the session in memory.
    let call: Call<answer, result> | undefined = made

    return new Promise((resolve, reject) => {
      let end = (how: (call: Call<answer, result>) => void) => {
        if (call === undefined) return
        let ended = call
        call = undefined
        clearTimeout(timer)
        try {
          how(ended)
        } finally {
          this.pending.release(bytes)
        }
      }
      let timer = setTimeout(() => end(() => reject(timeoutError(timeout))), left)

      this.#order.enter(ids, !isSingle, (turn) => {
        if (call === undefined) {
          this.#order.leave(turn)
          return
        }
        attempt(call.work, () => call?.onBroken === 'again')
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
            (error: unknown) =>
              end(({ onBroken, then }) => {
                let failure = toStorageError(error, ids)
                if (onBroken === 'false' && failure.code === 'DISCONNECTED')
                  resolve(then(false as answer))
                else reject(failure)
              }),
          )
      })
    })
  }
}

/** @param mayRepeat whether it may be done again where it fails, for as long as somebody waits for it */
async function attempt<answer>(
  work: () => Promise<answer>,
  mayRepeat: () => boolean,
): Promise<answer> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (replyCode(error) !== undefined || tries === MOST_TRIES || !mayRepeat()) throw error
      await pause(tries)
      if (!mayRepeat()) throw error
    }
  }
}

function timeoutError(timeout: number): RedisSessionStorageError {
  return new RedisSessionStorageError(
    'TIMEOUT',
    `The Redis client did not answer within ${timeout} ms. ` +
      'Check that it is connected and that Redis is up, or raise "timeout".',
  )
}

function tooLarge(bytes: number, maxBytes: number): Unreadable {
  return new Unreadable(`has ${bytes} bytes, and "maxBytes" allows ${maxBytes}`)
}
