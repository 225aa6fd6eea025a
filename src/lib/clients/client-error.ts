/** Turns what a Redis client failed with into the error of a storage, without any secrets. */
import { RedisSessionStorageError } from '../errors.ts'
import { withoutArguments } from './without-arguments.ts'

/**
 * Returns the error of a call on these ids. Redis's replies are its own words; all else that a
 * client fails with is about the connection.
 */
export function toStorageError(error: unknown, ids: string[]): RedisSessionStorageError {
  if (error instanceof RedisSessionStorageError) return error

  let cause = withoutSecrets(error, ids)
  let reply = replyCode(error)
  return reply === undefined
    ? new RedisSessionStorageError('DISCONNECTED', `The Redis client failed: ${cause.message}`, {
        cause,
      })
    : new RedisSessionStorageError('REDIS', `Redis answered: ${cause.message}`, { cause, reply })
}

/** Returns the first word of an error reply, which is a code; `undefined` for any other error. */
export function replyCode(error: unknown): string | undefined {
  return error instanceof Error ? /^([A-Z][A-Z0-9]+) /.exec(error.message)?.[1] : undefined
}

/** Redis has no code of its own for this. */
export function isUnknownCommand(error: unknown): boolean {
  return error instanceof Error && /^ERR unknown command\b/i.test(error.message)
}

/**
 * Returns a copy of an error with its name, message, code and stack. Errors of clients have more
 * properties, such as the command with all its arguments.
 */
function withoutSecrets(error: unknown, ids: string[]): Error {
  if (!(error instanceof Error)) return new Error(withoutArguments(String(error), ids))

  let { name, message, stack = '', code } = error as Error & { code?: unknown }
  // The message of an AggregateError, for one, is empty.
  let copy = new Error(withoutArguments(message || String(code ?? name), ids))
  let frames = stack.split('\n').filter((line) => /^ {4}at /.test(line))
  setHidden(copy, 'name', name)
  setHidden(copy, 'stack', [`${name}: ${copy.message}`, ...frames].join('\n'))
  return typeof code === 'string' ? Object.assign(copy, { code }) : copy
}

function setHidden(error: Error, name: string, value: string): void {
  Object.defineProperty(error, name, { value, configurable: true, writable: true })
}
