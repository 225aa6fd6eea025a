/** The {@link SessionStore} over the Rust core: hands commands over, and settles their promises. */
import { RedisSessionStorageError, type RedisSessionStorageErrorCode } from '../errors.ts'
import { loadAddon } from './load-addon.ts'
import type { NativeConnection } from './native-addon.ts'
import type { TlsOptions } from '../options.ts'
import type { Replaced, SessionStore, StoreSettings } from '../store/session-store.ts'
import { closedError, overloadedError } from '../store/errors.ts'
import { TicketTable } from './ticket-table.ts'

/** Outcomes that are fetched at a time: enough for a busy tick, little enough to keep around. */
const BATCH = 512

/**
 * How many queued commands do not wait for the end of the tick: the I/O thread and Redis work while
 * JavaScript goes on queueing.
 */
const SUBMIT_AT = 16

/** Room for the ids and texts of queued commands; it grows where one command needs more. */
const ROOM = 64 * 1024
const MOST_ROOM_KEPT = 1024 * 1024

// The verbs, as `src/native/commands.rs` numbers them.
const LOAD = 0
const SAVE = 1
const SAVE_EXISTING = 2
const TOUCH = 3
const PING = 4

// The kinds of outcome, as `src/native/outcomes.rs` numbers them.
const NONE = 0
const NO = 1
const YES = 2
const TEXT = 3

/** The ticket of an outcome that ends all calls: the core's `EVERYONE`. */
const EVERYONE = 2 ** 32 - 1

/** A call that waits for its outcome. */
interface Waiting {
  then: (answer: any) => unknown
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
  readonly refreshesOnLoad: boolean
  readonly #connection: NativeConnection
  readonly #maxPending: number
  readonly #waiting = new TicketTable<Waiting>()
  readonly #outcomes = new Uint32Array(2 * BATCH)
  readonly #payloads: unknown[] = Array.from({ length: BATCH }, () => undefined)
  readonly #commands = new Uint32Array(4 * SUBMIT_AT)
  #bytes = Buffer.allocUnsafeSlow(ROOM)
  #queued = 0
  #filled = 0
  #isScheduled = false
  #closed: Promise<void> | undefined
  #drained: (() => void) | undefined

  /** @throws {TypeError} for a URL or certificate that is none */
  constructor(
    settings: StoreSettings,
    target: { url: string; connections: number; tls: TlsOptions | undefined },
  ) {
    let { prefix, ttl, rolling, timeout, maxPending } = settings
    let { NativeConnection } = loadAddon()
    try {
      this.#connection = new NativeConnection(
        {
          url: target.url,
          connections: target.connections,
          tls: target.tls,
          prefix,
          ttl: ttl ?? undefined,
          refreshOnLoad: rolling && ttl !== null,
          timeout,
        },
        () => this.#settle(),
      )
    } catch (error) {
      throw new TypeError((error as Error).message, { cause: error })
    }
    this.refreshesOnLoad = rolling && ttl !== null
    this.#maxPending = maxPending
  }

  load<result>(id: string, then: (text: string | null) => result): Promise<result> {
    return this.#queue(LOAD, id, '', then)
  }

  save<result>(
    id: string,
    text: string,
    { stored, obsolete }: Replaced,
    then: (written: boolean) => result,
  ): Promise<result> {
    if (obsolete === null && (stored === null || stored === id)) {
      return this.#queue(stored === null ? SAVE : SAVE_EXISTING, id, text, then)
    }
    return this.#callNow(then, (ticket) =>
      this.#connection.replace(ticket, id, text, stored, obsolete),
    )
  }

  touch<result>(id: string, then: (found: boolean) => result): Promise<result> {
    return this.#queue(TOUCH, id, '', then)
  }

  delete<result>(ids: string[], then: () => result): Promise<result> {
    return this.#callNow(then, (ticket) => this.#connection.delete(ticket, ids))
  }

  ping(): Promise<void> {
    return this.#queue(PING, '', '', () => undefined)
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close())
  }

  async #close(): Promise<void> {
    if (this.#waiting.size > 0) {
      await new Promise<void>((resolve) => (this.#drained = resolve))
    }
    this.#connection.close()
  }

  /** Queues a command, to be handed over at the end of the tick or when there are enough. */
  #queue<result>(verb: number, id: string, text: string, then: Waiting['then']): Promise<result> {
    return new Promise((resolve, reject) => {
      this.#makeRoom(id.length + text.length)
      let ticket = this.#ticket(then, resolve, reject)
      if (ticket === undefined) return

      let start = 4 * this.#queued++
      this.#commands[start] = ticket
      this.#commands[start + 1] = verb
      this.#commands[start + 2] = this.#append(id)
      this.#commands[start + 3] = this.#append(text)
      if (this.#queued === SUBMIT_AT) {
        this.#submit()
      } else if (!this.#isScheduled) {
        this.#isScheduled = true
        process.nextTick(() => {
          this.#isScheduled = false
          this.#submit()
        })
      }
    })
  }

  /** Hands a command over that is no verb with an id and a text, behind those that are queued. */
  #callNow<result>(then: Waiting['then'], call: (ticket: number) => void): Promise<result> {
    return new Promise((resolve, reject) => {
      let ticket = this.#ticket(then, resolve, reject)
      if (ticket === undefined) return

      this.#submit()
      call(ticket)
    })
  }

  /** Hands over what is queued. */
  #submit(): void {
    let count = this.#queued
    if (count === 0) return

    let bytes = this.#bytes
    this.#queued = 0
    this.#filled = 0
    if (bytes.length > MOST_ROOM_KEPT) this.#bytes = Buffer.allocUnsafeSlow(ROOM)
    this.#connection.submit(this.#commands, bytes, count)
  }

  /** Makes sure that strings of so many UTF-16 code units can be appended. */
  #makeRoom(units: number): void {
    // None takes more than three bytes of UTF-8.
    let bytes = 3 * units
    if (this.#filled + bytes <= this.#bytes.length) return

    this.#submit()
    if (bytes > this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(bytes)
  }

  /** Appends a string for which there is room; gives how many bytes that took. */
  #append(string: string): number {
    if (string === '') return 0
    let written = this.#bytes.write(string, this.#filled)
    this.#filled += written
    return written
  }

  /** Takes a call in, or rejects it and gives `undefined`. */
  #ticket(
    then: Waiting['then'],
    resolve: Waiting['resolve'],
    reject: Waiting['reject'],
  ): number | undefined {
    if (this.#closed !== undefined) {
      reject(closedError())
      return undefined
    }
    if (this.#waiting.size >= this.#maxPending) {
      reject(overloadedError(this.#maxPending))
      return undefined
    }
    if (this.#waiting.size === 0) this.#connection.keepAlive(true)
    return this.#waiting.add({ then, resolve, reject })
  }

  /** Fetches the outcomes that have come in, and settles the promises that wait for them. */
  #settle(): void {
    let count: number
    do {
      count = this.#connection.drain(this.#outcomes, this.#payloads)
      for (let i = 0; i < count; i++) {
        let ticket = this.#outcomes[2 * i]!
        if (ticket === EVERYONE) {
          let error = toError(this.#payload(i) as Failure)
          for (let waiting of this.#waiting.takeAll()) waiting.reject(error)
          continue
        }
        let waiting = this.#waiting.take(ticket)
        if (waiting === undefined) continue

        try {
          switch (this.#outcomes[2 * i + 1]) {
            case NONE:
              waiting.resolve(waiting.then(null))
              break
            case NO:
              waiting.resolve(waiting.then(false))
              break
            case YES:
              waiting.resolve(waiting.then(true))
              break
            case TEXT:
              waiting.resolve(waiting.then(this.#payload(i)))
              break
            default:
              waiting.reject(toError(this.#payload(i) as Failure))
          }
        } catch (error) {
          waiting.reject(error)
        }
      }
    } while (count === BATCH)

    if (this.#waiting.size === 0) {
      this.#connection.keepAlive(false)
      this.#drained?.()
    }
  }

  /** Takes a payload out, so that the array does not keep a session's text alive. */
  #payload(index: number): unknown {
    let payload = this.#payloads[index]
    this.#payloads[index] = undefined
    return payload
  }
}

function toError({ code, message, reply }: Failure): RedisSessionStorageError {
  return new RedisSessionStorageError(code, message, { reply })
}
