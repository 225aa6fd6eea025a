/**
 * What went wrong, for a program to tell apart:
 *
 * - `CONNECT`: no connection could be made before the deadline
 * - `TIMEOUT`: connected, but no answer before the deadline; a write may or may not have happened
 * - `DISCONNECTED`: the connection broke with a write in flight; it may or may not have happened
 * - `OVERLOADED`: `maxPending` commands or `maxPendingBytes` bytes are waiting already
 * - `CLOSED`: the storage was used after `close()`
 * - `REDIS`: Redis answered with an error, whose own code is in `reply`
 * - `CORRUPT`: the stored value is not a session
 * - `TOO_LARGE`: the session is over `maxBytes`
 * - `UNSERIALIZABLE`: JSON cannot express a value of the session
 * - `INVALID_ID`: no session can be stored under the session's id
 * - `NATIVE`: the native addon could not be loaded
 */
export type RedisSessionStorageErrorCode =
  | 'CONNECT'
  | 'TIMEOUT'
  | 'DISCONNECTED'
  | 'OVERLOADED'
  | 'CLOSED'
  | 'REDIS'
  | 'CORRUPT'
  | 'TOO_LARGE'
  | 'UNSERIALIZABLE'
  | 'INVALID_ID'
  | 'NATIVE'

/**
 * Why a session could not be read or saved. The message says what happened, where and what to do.
 * Neither it nor the `cause` holds a password, a session id, or session data.
 */
export class RedisSessionStorageError extends Error {
  override readonly name = 'RedisSessionStorageError'

  /** What went wrong, for a program to tell apart. */
  readonly code: RedisSessionStorageErrorCode

  /** The code of Redis's error reply, such as `WRONGTYPE` or `OOM`; only with code `REDIS`. */
  readonly reply: string | undefined

  constructor(
    code: RedisSessionStorageErrorCode,
    message: string,
    options?: { cause?: unknown; reply?: string | undefined },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.reply = options?.reply
  }
}
