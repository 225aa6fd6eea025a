/** The errors that both kinds of store answer with themselves. */
import { RedisSessionStorageError } from '../errors.ts'

export function closedError(): RedisSessionStorageError {
  return new RedisSessionStorageError(
    'CLOSED',
    'This session storage was closed. Create a new one, or call close() later.',
  )
}

export function tooManyCommandsError(maxPending: number): RedisSessionStorageError {
  return new RedisSessionStorageError(
    'OVERLOADED',
    `${maxPending} session commands are waiting for Redis, and "maxPending" allows no more. ` +
      'Redis is too slow for this load: reduce it, or raise "maxPending".',
  )
}

export function tooManyBytesError(maxPendingBytes: number): RedisSessionStorageError {
  return new RedisSessionStorageError(
    'OVERLOADED',
    `With this command, more than ${maxPendingBytes} bytes would be waiting for Redis, and ` +
      '"maxPendingBytes" allows no more. Redis is too slow for this load: reduce it, store less in ' +
      'sessions, or raise "maxPendingBytes".',
  )
}
