/** What a storage remembers of a session: where it is stored, and since when its TTL runs. */
import { Session } from '@remix-run/session'

import { coversSession, JsonSession, type SessionData } from './json-session.ts'
import type { SessionStore } from '../store/session-store.ts'

const STORED = Symbol('stored')

/**
 * A property of the session rather than a `WeakMap` beside it, which costs a hash-table entry and
 * garbage-collector work on every request.
 */
interface Trackable {
  [STORED]?: Stored
}

interface Stored {
  store: SessionStore
  id: string
  refreshedAt: number
}

const SessionClass = coversSession() ? JsonSession : Session

/** Makes a session that is stored nowhere yet. */
export function newSession(id?: string): Session {
  return new SessionClass(id)
}

/** Makes a session as it was read from `store`. */
export function loadedSession(store: SessionStore, id: string, data: SessionData): Session {
  let session: Session = new SessionClass(id, data)
  markStored(session, store, id)
  return session
}

/** Remembers that `store` has the session under `id`, with a fresh TTL. */
export function markStored(session: Session & Trackable, store: SessionStore, id: string): void {
  session[STORED] = { store, id, refreshedAt: performance.now() }
}

/** The id under which `store` has the session, or `null` if it is new to that store. */
export function storedId(session: Session & Trackable, store: SessionStore): string | null {
  let stored = session[STORED]
  return stored?.store === store ? stored.id : null
}

/** Milliseconds since the TTL of a stored session was last refreshed. */
export function age(session: Session & Trackable): number {
  let stored = session[STORED]
  return stored === undefined ? Infinity : performance.now() - stored.refreshedAt
}
