/** Turns what a Redis client failed with into the error of a storage. */
import { RedisSessionStorageError } from '../errors.ts'

/**
 * Redis's replies are its own words; all else that a client fails with is about the connection.
 */
export function toStorageError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof RedisSessionStorageError) return error

  let reply = replyCode(error)
  return reply === undefined
    ? new RedisSessionStorageError('DISCONNECTED', `The Redis client failed: ${error.message}`, {
        cause: error,
      })
    : new RedisSessionStorageError('REDIS', `Redis answered: ${error.message}`, {
        cause: error,
        reply,
      })
}

/** Returns the first word of an error reply, which is a code; `undefined` for any other error. */
export function replyCode(error: unknown): string | undefined {
  return error instanceof Error ? /^([A-Z][A-Z0-9]+) /.exec(error.message)?.[1] : undefined
}

/** Redis has no code of its own for this. */
export function isUnknownCommand(error: unknown): boolean {
  return error instanceof Error && /^ERR unknown command\b/i.test(error.message)
}
