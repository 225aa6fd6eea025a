/** Writes sessions: what becomes of what other requests have saved meanwhile. */
import type { Session } from '@remix-run/session'

import type { Location } from '../session/location.ts'
import type { Relocation } from './relocation.ts'

/**
 * Both return the id of the session, or `null` if it is gone: destroyed by another request, expired or
 * revoked. It stays gone then, and the cookie is left alone, because it could be the one of a newer login.
 *
 * They take the session as it is when they are called.
 *
 * @throws {RedisSessionStorageError} `UNSERIALIZABLE` or `TOO_LARGE`, at once
 */
export interface Saves {
  /** Writes a session under the id under which it is stored, or a new one. */
  save(session: Session, id: string, location: Location): Promise<string | null>

  /** Writes a session under another id. `ids` are all that it has. */
  move(
    session: Session,
    relocation: Relocation,
    ids: readonly string[],
    location: Location,
  ): Promise<string | null>
}
