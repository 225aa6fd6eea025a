/**
 * The text of a session as Redis holds it: `[values, flash, third]`. The third element is ours, and
 * `@remix-run/session-storage-redis` ignores it:
 *
 * - `c`, when the session was created, in seconds since 1970, where sessions have a `maxLifetime`.
 * - `v`, its version: the nonces of the last saves, the latest at the end.
 * - `f`: by the keys of the flash, the nonces of the saves that flashed them.
 *
 * `v` is the last member, so that the end of the text tells it from any other.
 */
import type { Spans } from '../store/session-store.ts'
import type { TextPieces } from '../store/text-pieces.ts'
import { NONCE_LENGTH } from './nonce.ts'

/**
 * How many saves a version names: with as many others behind it, it can no longer be known whether a
 * save has happened.
 */
const HISTORY = 8

/** The nonces of the saves that flashed a message, by its key. */
export type Flashed = Record<string, string>

export const NOTHING_FLASHED: Flashed = {}

interface Third {
  c?: unknown
  v?: unknown
  f?: unknown
}

const NONCES = /^[\w-]+$/

const BEFORE_VERSION = '{"v":"'
const BEHIND_VERSION = '"}'
const END = '"}]'
const TAIL_LENGTH = NONCE_LENGTH + END.length

export class StoredText {
  readonly pieces: TextPieces
  readonly version: Version

  constructor(pieces: TextPieces, version: Version) {
    this.pieces = pieces
    this.version = version
  }

  /** @param source the spans of the text, or whether it has a third element */
  static read(text: string, source: Spans | boolean): StoredText {
    return new StoredText([text], readVersion(text, source))
  }

  /** How long the end is by which the text is told from any other; 0 if it takes all of it. */
  get tailLength(): number {
    return this.version.isAtEndOf(this.pieces) ? TAIL_LENGTH : 0
  }
}

/** What tells a text from those before it. */
export class Version {
  /** Nonces, the latest at the end. */
  readonly history: string
  /** The JSON of a third element that has more than a version; empty for any other. */
  readonly #third: string

  constructor(history: string, third: string) {
    this.history = history
    this.#third = third
  }

  /**
   * Returns the version of a text that takes the place of this one's.
   *
   * @param createdAt when the session was created, where this one does not know
   */
  next(nonce: string, flashed: Flashed, createdAt: number | null): Version {
    let history = this.history.slice(-(HISTORY - 1) * NONCE_LENGTH) + nonce
    if (this.#third === '' && flashed === NOTHING_FLASHED && createdAt === null) {
      return new Version(history, '')
    }
    let { v: _, f: __, c, ...others } = this.#parsed
    let third: Third = { ...others }
    if (createdAt !== null || c !== undefined) third.c = this.createdAt ?? createdAt ?? c
    if (Object.keys(flashed).length > 0) third.f = flashed
    third.v = history
    return new Version(history, JSON.stringify(third))
  }

  /** The end of the text: all of it behind `[values, flash`. */
  get end(): string {
    return `,${this.#third || BEFORE_VERSION + this.history + BEHIND_VERSION}]`
  }

  /** Whether a text that has the version ends with its latest nonce. */
  isAtEndOf(text: TextPieces): boolean {
    if (this.history === '') return false
    return this.#third === '' || text.at(-1)!.endsWith(this.history.slice(-NONCE_LENGTH) + END)
  }

  /** Whether a save is among the last that have made the text. */
  names(nonce: string): boolean {
    for (let at = 0; at < this.history.length; at += NONCE_LENGTH) {
      if (this.history.startsWith(nonce, at)) return true
    }
    return false
  }

  /** When the session was created, in seconds since 1970; `null` where it does not say. */
  get createdAt(): number | null {
    let { c } = this.#parsed
    return Number.isSafeInteger(c) ? (c as number) : null
  }

  get flashed(): Flashed {
    let { f } = this.#parsed
    return typeof f === 'object' && f !== null ? (f as Flashed) : {}
  }

  get #parsed(): Third {
    return this.#third === '' ? {} : JSON.parse(this.#third)
  }
}

/** Returns the end of a text without a version, behind `[values, flash`. */
export function endOf(createdAt: number): string {
  return `,{"c":${createdAt}}]`
}

const NO_VERSION = new Version('', '')

/** What a session has that is stored nowhere. */
export const NOT_STORED = new StoredText(['[{},{}]'], NO_VERSION)

function readVersion(text: string, source: Spans | boolean): Version {
  if (source === false) return NO_VERSION
  if (source === true) {
    let start = text.lastIndexOf(BEFORE_VERSION)
    return (
      (text.endsWith(END) && onlyVersion(text, start, text.length - 1)) ||
      otherVersion(JSON.stringify(JSON.parse(text)[2]))
    )
  }
  let start = source[source.length - 2]!
  let end = source[source.length - 1]!
  if (start === end) return NO_VERSION
  return onlyVersion(text, start, end) || otherVersion(text.slice(start, end))
}

/** Reads a third element that has nothing but a version, as most have, without parsing it. */
function onlyVersion(text: string, start: number, end: number): Version | false {
  if (!text.startsWith(BEFORE_VERSION, start)) return false
  let history = text.slice(start + BEFORE_VERSION.length, end - BEHIND_VERSION.length)
  return isHistory(history) && new Version(history, '')
}

function otherVersion(third: string): Version {
  let { v } = JSON.parse(third)
  return new Version(typeof v === 'string' && isHistory(v) ? v : '', third)
}

function isHistory(text: string): boolean {
  return text.length % NONCE_LENGTH === 0 && NONCES.test(text)
}
