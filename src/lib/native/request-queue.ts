/** Requests on their way to the I/O thread: numbers and bytes, which are handed over for many requests at once. */
import { waited, type Terms } from '../store/session-store.ts'
import { lengthOf, type TextPieces } from '../store/text-pieces.ts'
import type * as NativeAddon from './native-addon.ts'

/**
 * How many queued requests do not wait for the end of the tick: the I/O thread and Redis work while
 * JavaScript goes on queueing.
 */
const SUBMIT_AT = 16

/** How many numbers describe a request: see `submit`. */
const REQUEST_WORDS = 8

/** Room for the ids and texts of queued requests; it grows where one request needs more. */
const ROOM = 64 * 1024
const MOST_ROOM_KEPT = 1024 * 1024

/**
 * Up to this length, in UTF-16 code units, the pieces of a text are joined before they are appended. To append a
 * string that is a part of another one, or is made of several, takes longer than to append a plain one.
 */
const MOST_JOINED = 1024

export interface Request {
  ticket: number
  verb: NativeAddon.Verb
  id: string
  text: TextPieces
  /** The text that is to be replaced, or its end. */
  expected: TextPieces
  /** How long the end is that tells it from any other; 0 if only all of it does. */
  tailLength: number
  terms: Terms | undefined
}

export class RequestQueue {
  readonly #connection: NativeAddon.NativeConnection
  readonly #words = new Uint32Array(REQUEST_WORDS * SUBMIT_AT)
  #bytes = Buffer.allocUnsafeSlow(ROOM)
  #count = 0
  #filled = 0
  #isScheduled = false

  constructor(connection: NativeAddon.NativeConnection) {
    this.#connection = connection
  }

  /**
   * Queues a request, to be handed over at the end of the tick or when there are enough.
   *
   * @param units how many UTF-16 code units its strings have
   */
  add({ ticket, verb, id, text, expected, tailLength, terms }: Request, units: number): void {
    this.#makeRoom(units)
    let start = REQUEST_WORDS * this.#count++
    let words = this.#words
    words[start] = ticket
    words[start + 1] = verb
    words[start + 2] = this.#append(id)
    words[start + 3] = this.#appendAll(text)
    words[start + 4] = this.#appendAll(expected)
    words[start + 5] = tailLength
    words[start + 6] = terms?.ttl ?? 0
    words[start + 7] = waited(terms)
    if (this.#count === SUBMIT_AT) {
      this.#submit()
    } else if (!this.#isScheduled) {
      this.#isScheduled = true
      process.nextTick(() => {
        this.#isScheduled = false
        this.#submit()
      })
    }
  }

  /** Hands over what is queued. */
  #submit(): void {
    let count = this.#count
    if (count === 0) return

    let bytes = this.#bytes
    this.#count = 0
    this.#filled = 0
    if (bytes.length > MOST_ROOM_KEPT) this.#bytes = Buffer.allocUnsafeSlow(ROOM)
    this.#connection.submit(this.#words, bytes, count)
  }

  /** Makes sure that strings of so many UTF-16 code units can be appended. */
  #makeRoom(units: number): void {
    // None takes more than three bytes of UTF-8.
    let bytes = 3 * units
    if (this.#filled + bytes <= this.#bytes.length) return

    this.#submit()
    if (bytes > this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(bytes)
  }

  /** Does what `#append` does, for all pieces of a text. */
  #appendAll(text: TextPieces): number {
    if (text.length > 1 && lengthOf(text) <= MOST_JOINED) return this.#append(text.join(''))
    let bytes = 0
    for (let piece of text) bytes += this.#append(piece)
    return bytes
  }

  /** Appends a string for which there is room; returns how many bytes that took. */
  #append(string: string): number {
    if (string === '') return 0
    let written = this.#bytes.write(string, this.#filled)
    this.#filled += written
    return written
  }
}
