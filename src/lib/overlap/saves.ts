/** Writes sessions: what becomes of what other requests have saved meanwhile. */
import type { Session } from '@remix-run/session'

import type { Location } from '../session/location.ts'
import type { Lifetime } from '../session/lifetime.ts'
import type { SessionStore, Terms } from '../store/session-store.ts'
import type { Relocation } from './relocation.ts'
import type { Turns } from './turns.ts'

/** What saves are made with. */
export interface SavesContext {
  store: SessionStore
  turns: Turns
  lifetime: Lifetime
  maxBytes: number
  /** Returns what an error calls the session with this id. */
  nameOf(id: string): string
}

/** Both take the session as it is when they are called. */
export interface Saves {
  /**
   * Writes a session under the id under which it is stored, or a new one. No other save of the same
   * session object is under way.
   *
   * @throws {RedisSessionStorageError} `UNSERIALIZABLE` or `TOO_LARGE`, at once
   */
  save(session: Session, id: string, location: Location): Promise<string | null>

  /**
   * Takes a session that is to be written when its turn has come.
   *
   * @throws {RedisSessionStorageError} `UNSERIALIZABLE` or `TOO_LARGE`
   */
  take(session: Session, id: string, location: Location): Taken
}

/**
 * A session as it was at the moment in which it was saved. Both return its id, or `null` if it is gone:
 * destroyed by another request, expired or revoked. It stays gone then, and the cookie is left alone,
 * because it could be the one of a newer login.
 */
export interface Taken {
  /** Writes it under the id under which it is stored, or a new one. */
  save(terms: Terms): Promise<string | null>

  /** Writes it under another id. */
  move(relocation: Relocation, terms: Terms): Promise<string | null>
}
