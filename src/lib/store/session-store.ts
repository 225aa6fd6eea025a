import type { Pending } from './pending.ts'
import type { TextPieces } from './text-pieces.ts'

/**
 * The seam of this package: a place that keeps the text of sessions by id. Each verb is as good as a
 * single command; what takes several of them is in `overlap/`. It knows nothing of Remix; Remix's
 * `Session` knows nothing of it. `NativeStore` implements it over the Rust core, `ClientStore` over a
 * JavaScript client.
 *
 * Verbs that answer take the function that turns the answer into the caller's result, so that one
 * promise is made per call and the answer goes straight into it. Commands of one session run in the
 * order they were called, and each call ends within the store's deadline.
 */
export interface SessionStore {
  /** Counts what is pending. A call of several steps is admitted there as a whole. */
  readonly pending: Pending

  /** Whether `load` refreshes the TTL in the same round trip. */
  readonly refreshesOnLoad: boolean

  /** Whether `append` works: a client may not be able to. */
  readonly keepsMarks: boolean

  /**
   * Returns the text of session `id`, or `null` if there is none; and its spans, if the store has
   * found them. A text without spans may be anything.
   */
  load<result>(
    id: string,
    then: (text: string | null | Unreadable, spans?: Spans) => result,
    terms?: Terms,
  ): Promise<result>

  /** Does what `load` does, and refreshes nothing. */
  peek<result>(
    id: string,
    then: (text: string | null | Unreadable, spans?: Spans) => result,
    terms?: Terms,
  ): Promise<result>

  /**
   * Writes the text of session `id` under a condition; returns whether it was written. Over an expected
   * text or none, `false` may also mean that nobody knows, because the connection broke.
   */
  save<result>(
    id: string,
    text: TextPieces,
    condition: Condition,
    then: (written: boolean) => result | Promise<result>,
    terms?: Terms,
  ): Promise<result>

  /** Refreshes the TTL of session `id` and returns whether the session is still there. */
  touch<result>(id: string, then: (found: boolean) => result, terms?: Terms): Promise<result>

  /** Deletes a session, whether it exists or not. */
  delete(id: string, terms?: Terms): Promise<void>

  /** Adds to the end of a text, which may be none yet. Twice has to be as good as once. */
  append(id: string, text: string, terms?: Terms): Promise<void>

  /** Resolves once Redis has answered. */
  ping(): Promise<void>

  /** Refuses new calls, lets the pending ones end, and frees what the store owns. */
  close(): Promise<void>
}

/** Why bytes are not a text. */
export const NOT_UTF8 = 'has bytes that are not UTF-8'

/** In place of a text: what is stored is none, or one that is too large. */
export class Unreadable {
  /** What is wrong with it, such as `has 12 bytes, and …`. */
  readonly why: string

  constructor(why: string) {
    this.why = why
  }
}

/** What a saved text may take the place of: any or none, any that is there, only none, or only this. */
export type Condition = 'always' | 'existing' | 'new' | Expected

export interface Expected {
  pieces: TextPieces
  /**
   * How long the end is by which the text is told from any other: so many characters of the last piece, which
   * are ASCII. 0 if it takes all of the text.
   */
  tailLength: number
}

/** What is special about a command. */
export interface Terms {
  /**
   * When the call was made that the command is a step of, by `performance.now()`: its deadline counts from
   * there. Left out where the command is all of the call.
   */
  since?: number
  /** Seconds until the key expires, where they are not the store's. */
  ttl?: number
}

/** Returns the milliseconds since the call was made that a command is a step of; 0 where it is all of the call. */
export function waited(terms: Terms | undefined): number {
  return terms?.since === undefined ? 0 : performance.now() - terms.since
}

/**
 * Where the keys and values of a session lie in its text, in UTF-16 code units. First how many keys
 * the values have, and how many the flash; then for each of them, in the order of the text, the start
 * and the end of the key without its quotes, and the start and the end of its value; at last the
 * start and the end of a third element. All of the text is JSON, and of the form of a session.
 */
export type Spans = readonly number[]

/** What both kinds of store are made with; validated, so a store checks none of it again. */
export interface StoreSettings {
  prefix: string
  /** Seconds; `null` keeps sessions for ever. */
  ttl: number | null
  rolling: boolean
  /** Milliseconds. */
  timeout: number
  maxPending: number
  maxPendingBytes: number
  /** Bytes of UTF-8 that a session's text may have. */
  maxBytes: number
}
