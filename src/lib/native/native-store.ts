/** The {@link SessionStore} over the Rust core: hands requests over, and settles their promises. */
import { RedisSessionStorageError, type RedisSessionStorageErrorCode } from '../errors.ts'
import type { ConnectionSettings } from '../settings.ts'
import { Pending } from '../store/pending.ts'
import {
  Unreadable,
  type Condition,
  type Expected,
  type SessionStore,
  type Spans,
  type StoreSettings,
  type Terms,
} from '../store/session-store.ts'
import { publish, type ConnectionEvent } from './connection-events.ts'
import { lengthOf, tailOf, type TextPieces } from '../store/text-pieces.ts'
import { loadAddon } from './load-addon.ts'
import type * as NativeAddon from './native-addon.ts'
import { RequestQueue } from './request-queue.ts'
import { TicketTable } from './ticket-table.ts'

/**
 * Outcomes that are settled before the event loop gets to its timers: each may lead to a tenth of a
 * millisecond of the app's own work.
 */
const BATCH = 128

/** How many numbers describe an outcome: see `drain`. */
const OUTCOME_WORDS = 3

/**
 * How many bytes of sessions are settled before the event loop gets to its timers, and how many
 * milliseconds may pass. Promises that are settled run the app before that, and Node calls the addon's
 * wake-up again and again, up to a thousand times.
 */
const MOST_BYTES = 512 * 1024
const MOST_TIME = 10

/** The ticket of an outcome that ends all calls: the core's `EVERYONE`. */
const EVERYONE = 2 ** 32 - 1

const NO_TEXT: TextPieces = []
const NONE_EXPECTED: Expected = { pieces: NO_TEXT, tailLength: 0 }

/** Closes the connections of storages that nobody has any more. */
const dropped = new FinalizationRegistry<NativeAddon.NativeConnection>((connection) =>
  connection.close(),
)

/** What leads from the addon to a store, without keeping it: an app may drop its storage. */
interface Link {
  store: WeakRef<NativeStore>
  /** The store while calls are pending: somebody waits for them, who may have nothing else of it. */
  pending: NativeStore | undefined
}

/** A call that waits for its outcome. */
interface Waiting {
  verb: NativeAddon.Verb
  then: (answer: any, spans?: Spans) => unknown
  /** What the answer is where there is no such session. */
  missing: null | false
  /** The size with which {@link Pending} counts it. */
  bytes: number
  resolve: (result: any) => void
  reject: (error: unknown) => void
}

/** An error as it crosses the language border. */
interface Failure {
  code: RedisSessionStorageErrorCode
  message: string
  reply?: string
}

export class NativeStore implements SessionStore {
  readonly pending: Pending
  readonly refreshesOnLoad: boolean
  readonly keepsMarks = true
  readonly #addon: typeof NativeAddon
  readonly #connection: NativeAddon.NativeConnection
  readonly #requests: RequestQueue
  readonly #link: Link = { store: new WeakRef(this), pending: undefined }
  readonly #waiting = new TicketTable<Waiting>()
  readonly #outcomes = new Uint32Array(OUTCOME_WORDS * BATCH + 2)
  readonly #spans: Uint32Array
  readonly #payloads: unknown[] = Array.from({ length: BATCH }, () => undefined)
  /** Outcomes that were fetched, and how many of them are settled. */
  #fetched = 0
  #settled = 0
  /** Where the spans of the next outcome begin. */
  #nextSpan = 0
  /** There may be outcomes for which the addon will not call: it has already, or was told not to. */
  #isDue = false
  /** Up to which size, in bytes, servers had better get all of an expected text. */
  #mostCompared = 0
  /** Since when outcomes are settled on end. */
  #busySince = 0
  /** The rest is settled in another turn of the event loop. */
  #isPaused = false
  #closed: Promise<void> | undefined

  /** @throws {TypeError} for an invalid URL or certificate */
  constructor(settings: StoreSettings, connection: ConnectionSettings) {
    let { prefix, ttl, rolling, timeout, maxBytes } = settings
    this.refreshesOnLoad = rolling && ttl !== null
    this.pending = new Pending(settings)
    this.#addon = loadAddon()
    // Enough for all that are settled at once, if each of them has thirty keys.
    this.#spans = new Uint32Array(8 * this.#addon.MAX_SPANS)
    let link = this.#link
    try {
      this.#connection = new this.#addon.NativeConnection(
        {
          ...connection,
          prefix,
          ttl: ttl ?? undefined,
          refreshOnLoad: this.refreshesOnLoad,
          timeout,
          maxBytes,
        },
        () => {
          let store = link.pending ?? link.store.deref()
          if (store !== undefined) store.#settle()
        },
      )
    } catch (error) {
      throw new TypeError((error as Error).message, { cause: error })
    }
    this.#requests = new RequestQueue(this.#connection)
    dropped.register(this, this.#connection, this)
  }

  load<result>(
    id: string,
    then: (text: string | null | Unreadable, spans?: Spans) => result,
    terms?: Terms,
  ): Promise<result> {
    return this.#call(this.#addon.Verb.Load, null, then, id, NO_TEXT, terms)
  }

  peek<result>(
    id: string,
    then: (text: string | null | Unreadable, spans?: Spans) => result,
    terms?: Terms,
  ): Promise<result> {
    return this.#call(this.#addon.Verb.Peek, null, then, id, NO_TEXT, terms)
  }

  save<result>(
    id: string,
    text: TextPieces,
    condition: Condition,
    then: (written: boolean) => result | Promise<result>,
    terms?: Terms,
  ): Promise<result> {
    let { Save, SaveExisting, SaveNew, Replace } = this.#addon.Verb
    switch (condition) {
      case 'always':
        return this.#call(Save, false, then, id, text, terms)
      case 'existing':
        return this.#call(SaveExisting, false, then, id, text, terms)
      case 'new':
        return this.#call(SaveNew, false, then, id, text, terms)
      default:
        return this.#call(Replace, false, then, id, text, terms, condition)
    }
  }

  touch<result>(id: string, then: (found: boolean) => result, terms?: Terms): Promise<result> {
    return this.#call(this.#addon.Verb.Touch, false, then, id, NO_TEXT, terms)
  }

  delete(id: string, terms?: Terms): Promise<void> {
    return this.#call(this.#addon.Verb.Delete, false, nothing, id, NO_TEXT, terms)
  }

  append(id: string, text: string, terms?: Terms): Promise<void> {
    return this.#call(this.#addon.Verb.Append, false, nothing, id, [text], terms)
  }

  ping(): Promise<void> {
    return this.#call(this.#addon.Verb.Ping, false, nothing, '', NO_TEXT)
  }

  close(): Promise<void> {
    return (this.#closed ??= this.pending.close().then(() => {
      dropped.unregister(this)
      this.#connection.close()
    }))
  }

  /** Makes a request within the limits on what is pending. */
  #call<result>(
    verb: NativeAddon.Verb,
    missing: Waiting['missing'],
    then: Waiting['then'],
    id: string,
    text: TextPieces,
    terms?: Terms,
    expected: Expected = NONE_EXPECTED,
  ): Promise<result> {
    return new Promise((resolve, reject) => {
      let { pieces, tailLength } = expected
      // Where that suffices, the end that tells a text from any other takes less time than all of it.
      if (tailLength > 0 && lengthOf(pieces) > this.#mostCompared)
        pieces = [tailOf(pieces, tailLength)]
      let bytes = id.length + lengthOf(text) + lengthOf(pieces)
      let refused = this.pending.admit(bytes, terms?.since !== undefined)
      if (refused !== undefined) return reject(refused)
      if (this.#waiting.isEmpty) {
        this.#connection.keepAlive(true)
        this.#link.pending = this
        this.#busySince = performance.now()
      }
      let ticket = this.#waiting.add({ verb, then, missing, bytes, resolve, reject })
      this.#requests.add({ ticket, verb, id, text, expected: pieces, tailLength, terms }, bytes)
    })
  }

  /**
   * Settles the promises whose outcomes have come in; the rest of them after the event loop has
   * looked at its timers, where it takes long.
   */
  #settle(): void {
    if (this.#isPaused) {
      this.#isDue = true
      return
    }

    let isLate = performance.now() - this.#busySince > MOST_TIME
    if (this.#settled === this.#fetched) {
      this.#settled = 0
      this.#nextSpan = 0
      this.#fetched = this.#connection.drain(this.#outcomes, this.#spans, this.#payloads, isLate)
      this.#isDue = this.#outcomes[OUTCOME_WORDS * BATCH] !== 0
      this.#mostCompared = this.#outcomes[OUTCOME_WORDS * BATCH + 1]!
    }
    let bytes = 0
    while (this.#settled < this.#fetched && bytes <= MOST_BYTES) bytes += this.#settleNext()

    if (this.#waiting.isEmpty) {
      this.#connection.keepAlive(false)
      this.#link.pending = undefined
    }
    if (this.#isDue || this.#settled < this.#fetched) this.#pause()
  }

  #pause(): void {
    this.#isPaused = true
    setImmediate(() => {
      this.#isPaused = false
      this.#busySince = performance.now()
      this.#settle()
    })
  }

  /** Settles the promise of one outcome; returns how large the session is. */
  #settleNext(): number {
    let index = this.#settled++
    let start = OUTCOME_WORDS * index
    let ticket = this.#outcomes[start]!
    let spans = this.#takeSpans(this.#outcomes[start + 2]!)
    let payload = this.#payloads[index]
    // Not kept in the array, which would keep the session's text alive.
    this.#payloads[index] = undefined
    if (ticket === EVERYONE) {
      let error = toError(payload as Failure)
      for (let waiting of this.#waiting.takeAll()) {
        this.pending.release(waiting.bytes)
        waiting.reject(error)
      }
      return 0
    }
    let { OutcomeKind } = this.#addon
    if (this.#outcomes[start + 1] === OutcomeKind.Event) {
      publish(payload as ConnectionEvent)
      return 0
    }
    let waiting = this.#waiting.take(ticket)
    if (waiting === undefined) return 0

    try {
      switch (this.#outcomes[start + 1]) {
        case OutcomeKind.Text:
          waiting.resolve(waiting.then(payload, spans))
          return (payload as string).length
        case OutcomeKind.Done:
          waiting.resolve(waiting.then(true))
          break
        case OutcomeKind.Missing:
          waiting.resolve(waiting.then(waiting.missing))
          break
        default:
          this.#fail(waiting, payload as Failure)
      }
    } catch (error) {
      waiting.reject(error)
    } finally {
      // Not before `then`, which may have gone on with another step.
      this.pending.release(waiting.bytes)
    }
    return waiting.bytes
  }

  #fail({ verb, then, resolve, reject }: Waiting, failure: Failure): void {
    let { SaveNew, Replace } = this.#addon.Verb
    // A write that broke off can be tried again if it is made only over a certain text.
    let mayRepeat = verb === SaveNew || verb === Replace
    if (failure.code === 'DISCONNECTED' && mayRepeat) resolve(then(false))
    else if (failure.code === 'CORRUPT') resolve(then(new Unreadable(failure.message)))
    else reject(toError(failure))
  }

  /**
   * Copies the next spans, because the addon will write others to their place. A plain array of a known
   * length is made ten times as fast as a typed one.
   */
  #takeSpans(count: number): Spans | undefined {
    if (count === 0) return undefined

    // oxlint-disable-next-line unicorn/no-new-array -- `Array.from` takes longer than the rest
    let spans = new Array<number>(count)
    for (let index = 0; index < count; index++) spans[index] = this.#spans[this.#nextSpan++]!
    return spans
  }
}

function nothing(): void {}

function toError({ code, message, reply }: Failure): RedisSessionStorageError {
  return new RedisSessionStorageError(code, message, { reply })
}
