/** The errors that every kind of store answers with itself. */
import { RedisSessionStorageError } from '../errors.ts'

export function closedError(): RedisSessionStorageError {
  return new RedisSessionStorageError(
    'CLOSED',
    'This session storage was closed. Create a new one, or call close() later.',
  )
}

export function overloadedError(maxPending: number): RedisSessionStorageError {
  return new RedisSessionStorageError(
    'OVERLOADED',
    `${maxPending} session commands are waiting for Redis already, which is "maxPending". ` +
      'Redis is too slow for this load; shed some, or raise "maxPending".',
  )
}
