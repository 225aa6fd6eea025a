/** Under which ids sessions can be stored, and how an error names one. */
import { RedisSessionStorageError } from '../errors.ts'
import { isMark } from '../overlap/marks.ts'

/** Longer ids are unknown without a look: ours have 36 characters, and keys cost memory. */
const MAX_ID_LENGTH = 512

/**
 * Whether a session can be stored under this id. Text that is not well-formed Unicode has no bytes
 * of its own: two such ids could share a key.
 */
export function isPossibleId(id: string | null | undefined): id is string {
  return id != null && id !== '' && id.length <= MAX_ID_LENGTH && id.isWellFormed() && !isMark(id)
}

export function impossibleId(): RedisSessionStorageError {
  return new RedisSessionStorageError(
    'INVALID_ID',
    `The session was not saved: its id must be Unicode text of 1 to ${MAX_ID_LENGTH} characters, ` +
      'and not begin with "gone:".',
  )
}

/** Enough of a key to find it in Redis; an id in a log could be used to take over the session. */
export function redacted(prefix: string, id: string): string {
  return `${prefix}${id.slice(0, 4)}…`
}
