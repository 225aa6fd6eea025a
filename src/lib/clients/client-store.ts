/** The {@link SessionStore} over a Redis client of the app. */
import { isDone, toText } from './answers.ts'
import { Calls } from './calls.ts'
import type { AdapterVerb, ClientAdapter } from './client-adapter.ts'
import { adapterOf } from './client-families.ts'
import type { RedisClient } from './redis-client.ts'
import {
  Unreadable,
  type Condition,
  type SessionStore,
  type StoreSettings,
  type Terms,
} from '../store/session-store.ts'
import { Pending } from '../store/pending.ts'
import { sizeOver, type TextPieces } from '../store/text-pieces.ts'

export class ClientStore implements SessionStore {
  readonly pending: Pending
  readonly refreshesOnLoad: boolean
  readonly keepsMarks: boolean
  readonly #settings: StoreSettings
  readonly #client: ClientAdapter
  readonly #calls: Calls
  readonly #prefix: string

  constructor(settings: StoreSettings, client: RedisClient) {
    this.#settings = settings
    this.#client = adapterOf(client)
    this.pending = new Pending(settings)
    this.refreshesOnLoad = this.#client.refreshesOnLoad && settings.rolling
    this.keepsMarks = this.#client.append !== undefined
    this.#prefix = this.#client.keyPrefix + settings.prefix
    let { errors, keepsOrder } = this.#client
    this.#calls = new Calls({
      pending: this.pending,
      timeout: settings.timeout,
      errors,
      keepsOrder,
    })
  }

  load<result>(
    id: string,
    then: (text: string | null | Unreadable) => result,
    terms?: Terms,
  ): Promise<result> {
    let { rolling, ttl } = this.#settings
    if (!rolling || ttl === null) return this.peek(id, then, terms)

    return this.#calls.make({
      id,
      holds: this.#holds('loadAndRefresh'),
      isWrite: false,
      bytes: id.length,
      send: (caller) => this.#client.loadAndRefresh(this.#prefix + id, ttl, caller),
      then: (reply) => then(this.#textOf(reply)),
      terms,
      insteadOf: unreadable,
      whenBroken: 'again',
    })
  }

  peek<result>(
    id: string,
    then: (text: string | null | Unreadable) => result,
    terms?: Terms,
  ): Promise<result> {
    return this.#calls.make({
      id,
      holds: this.#holds('load'),
      isWrite: false,
      bytes: id.length,
      send: (caller) => this.#client.load(this.#prefix + id, caller),
      then: (reply) => then(this.#textOf(reply)),
      terms,
      insteadOf: unreadable,
      whenBroken: 'again',
    })
  }

  save<result>(
    id: string,
    pieces: TextPieces,
    condition: Condition,
    then: (written: boolean) => result | Promise<result>,
    terms?: Terms,
  ): Promise<result> {
    let client = this.#client
    let key = this.#prefix + id
    let text = pieces.join('')
    let ttl = terms?.ttl ?? this.#settings.ttl
    let isReplacing = typeof condition === 'object'
    return this.#calls.make({
      id,
      holds: this.#holds(isReplacing ? 'replace' : 'save'),
      isWrite: true,
      bytes: id.length + text.length,
      send: (caller) =>
        typeof condition === 'object'
          ? client.replace!(key, { text, ttl, over: condition }, caller)
          : client.save(key, { text, ttl, over: condition }, caller),
      then: (reply) => then(isDone(reply)),
      terms,
      whenBroken: isReplacing || condition === 'new' ? 'false' : undefined,
    })
  }

  touch<result>(id: string, then: (found: boolean) => result, terms?: Terms): Promise<result> {
    let ttl = terms?.ttl ?? this.#settings.ttl
    return this.#calls.make({
      id,
      holds: this.#holds('touch'),
      isWrite: this.#client.touchWrites,
      bytes: id.length,
      send: (caller) => ttl === null || this.#client.touch(this.#prefix + id, ttl, caller),
      then: (reply) => then(isDone(reply)),
      terms,
      whenBroken: 'again',
    })
  }

  delete(id: string, terms?: Terms): Promise<void> {
    return this.#calls.make({
      id,
      holds: this.#holds('delete'),
      isWrite: true,
      bytes: id.length,
      send: (caller) => this.#client.delete(this.#prefix + id, caller),
      then: nothing,
      terms,
      whenBroken: 'again',
    })
  }

  append(id: string, text: string, terms?: Terms): Promise<void> {
    return this.#calls.make({
      id,
      holds: this.#holds('append'),
      isWrite: true,
      bytes: id.length + text.length,
      send: (caller) => this.#client.append!(this.#prefix + id, text, caller),
      then: nothing,
      terms,
      whenBroken: 'again',
    })
  }

  ping(): Promise<void> {
    return this.#calls.make({
      holds: false,
      isWrite: false,
      bytes: 0,
      send: (caller) => this.#client.load(`${this.#prefix}ping`, caller),
      then: nothing,
      terms: undefined,
    })
  }

  close(): Promise<void> {
    return this.pending.close()
  }

  /** Whether others on the same session have to wait. */
  #holds(verb: AdapterVerb): boolean {
    return !this.#client.keepsOrder || !this.#client.isSingle(verb)
  }

  #textOf(reply: unknown): string | null | Unreadable {
    if (reply instanceof Unreadable) return reply
    let { maxBytes } = this.#settings
    let text = toText(reply)
    let bytes = typeof text === 'string' ? sizeOver(maxBytes, [text]) : undefined
    return bytes === undefined ? text : tooLarge(bytes, maxBytes)
  }
}

function nothing(): void {}

/** Returns what takes the place of the text where a key has none. */
function unreadable(code: string): Unreadable | undefined {
  return code === 'WRONGTYPE' ? new Unreadable('is not text, but of another type') : undefined
}

function tooLarge(bytes: number, maxBytes: number): Unreadable {
  return new Unreadable(`has ${bytes} bytes, and "maxBytes" allows ${maxBytes}`)
}
