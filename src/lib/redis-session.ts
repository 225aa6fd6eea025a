/** What a storage remembers of a session beyond what Remix's `Session` does. */
import { Session } from '@remix-run/session'

import type { SessionStore } from './session-store.ts'
import type { SessionData } from './session-text.ts'

/**
 * A `Session` that knows where it is stored: in which store, under which id, and since when its TTL
 * runs. A subclass rather than a `WeakMap` beside the sessions, which costs a hash-table entry and
 * garbage-collector work on every request.
 */
export class RedisSession extends Session {
  #store: SessionStore | null = null
  #storedId: string | null = null
  #refreshedAt = 0

  /** A session as it was read from `store`. */
  static loaded(store: SessionStore, id: string, data: SessionData): RedisSession {
    let session = new RedisSession(id, data)
    session.#store = store
    session.#storedId = id
    session.#refreshedAt = performance.now()
    return session
  }

  /** The id under which `store` has the session, or `null` if it is new to that store. */
  static storedId(session: Session, store: SessionStore): string | null {
    return session instanceof RedisSession && session.#store === store ? session.#storedId : null
  }

  /** Milliseconds since the TTL of a stored session was last refreshed. */
  static age(session: Session): number {
    return session instanceof RedisSession ? performance.now() - session.#refreshedAt : Infinity
  }

  /** Remembers that `store` has the session under `id` now. */
  static saved(session: Session, store: SessionStore, id: string): void {
    if (session instanceof RedisSession) {
      session.#store = store
      session.#storedId = id
      session.#refreshedAt = performance.now()
    }
  }
}
