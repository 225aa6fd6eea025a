import type { TextPieces } from './text-pieces.ts'

/**
 * The seam of this package: a place that keeps the text of sessions by id, under the four verbs
 * `load`, `save`, `touch` and `delete`. It knows nothing of Remix; Remix's `Session` knows nothing
 * of it. `NativeStore` implements it over the Rust core, `ClientStore` over a JavaScript client.
 *
 * Every verb takes the function that turns the store's answer into the caller's result, so that
 * one promise is made per call and the answer goes straight into it. Commands of one session run
 * in the order they were called, and each call ends within the store's deadline.
 */
export interface SessionStore {
  /** Whether `load` refreshes the TTL in the same round trip. */
  readonly refreshesOnLoad: boolean

  /**
   * Returns the text of session `id`, or `null` if there is none; and its spans, if the store has
   * found them. A text without spans may be anything.
   *
   * @throws {RedisSessionStorageError} `TOO_LARGE` for a text over `maxBytes`
   */
  load<result>(id: string, then: (text: string | null, spans?: Spans) => result): Promise<result>

  /**
   * Writes the text of session `id` and returns whether it was written: a session that takes the
   * place of a stored one is written only while that one exists.
   *
   * A session that moves to another id (`stored` is not `id`) may have been moved by an earlier save
   * whose answer was lost, or that was made just before. So where `stored` is gone, the session is
   * written if `id` exists: nobody else knows a fresh id.
   */
  save<result>(
    id: string,
    text: TextPieces,
    over: Replaced,
    then: (written: boolean) => result,
  ): Promise<result>

  /** Refreshes the TTL of session `id` and returns whether the session is still there. */
  touch<result>(id: string, then: (found: boolean) => result): Promise<result>

  /** Deletes sessions, whether they exist or not. */
  delete<result>(ids: [string, ...string[]], then: () => result): Promise<result>

  /** Resolves once Redis has answered. */
  ping(): Promise<void>

  /** Refuses new commands, lets the pending ones end, and frees what the store owns. */
  close(): Promise<void>
}

/**
 * Where the keys and values of a session lie in its text, in UTF-16 code units. First how many keys
 * the values have, and how many the flash; then for each of them, in the order of the text, the start
 * and the end of the key without its quotes, and the start and the end of its value; at last the
 * start and the end of a third element. All of the text is JSON, and of the form of a session.
 */
export type Spans = readonly number[]

/** What a saved session takes the place of. */
export interface Replaced {
  /** The id under which the session is stored now; `null` for a new session. */
  stored: string | null

  /** An id to delete once the session is written; `null` for none. */
  obsolete: string | null
}

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
