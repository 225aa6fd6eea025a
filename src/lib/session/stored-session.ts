/** Makes sessions, and remembers where each of them is stored and since when its TTL runs. */
import { Session } from '@remix-run/session'

import type { SessionStore } from '../store/session-store.ts'
import { coversSession, JsonSession } from './json-session.ts'
import { LOCATION, nowhere, type Location } from './location.ts'
import type { Loaded } from './session-text.ts'

const isCovered = coversSession()

/** The locations of sessions that are not ours, such as those of Remix's own class. */
const foreignLocations = new WeakMap<Session, Location>()

/** Makes a session that is stored nowhere yet. */
export function newSession(id?: string): Session {
  return isCovered ? new JsonSession(id) : new Session(id)
}

/** Makes a session for a visitor whose cookie names one that `store` does not have. */
export function unknownSession(store: SessionStore, asked: string, id?: string): Session {
  let session = newSession(id)
  locationIn(session, store).asked = asked
  return session
}

/** Makes a session for a visitor of whose session it is not known whether `store` has it. */
export function anonymousSession(store: SessionStore, asked: string): Session {
  let session = unknownSession(store, asked)
  locationIn(session, store).isAnonymous = true
  return session
}

/** Makes a session as it was read from `store`. */
export function loadedSession(
  store: SessionStore,
  id: string,
  text: string,
  [values, flash, third]: Loaded,
): Session {
  let session: Session = isCovered
    ? new JsonSession(id, values, flash)
    : new Session(id, [values.toValues(), flash.toValues()])
  let location = locationIn(session, store)
  location.text = text
  location.third = third
  markStored(location, id)
  return session
}

/** Returns what is remembered of a session in this store. */
export function locationIn(session: Session, store: SessionStore): Location {
  let location = locationOf(session)
  while (location.store !== store) {
    if (location.store === null) location.store = store
    else location = location.next ??= nowhere()
  }
  return location
}

/**
 * Remembers that the store has the session under `id`; returns the id.
 *
 * @param refreshedAt since when its TTL runs, or a little earlier, by `performance.now()`
 */
export function markStored(
  location: Location,
  id: string,
  refreshedAt: number = performance.now(),
): string {
  location.id = id
  location.refreshedAt = refreshedAt
  return id
}

/** Returns the milliseconds since the TTL of a stored session was last refreshed. */
export function age({ refreshedAt }: Location): number {
  return performance.now() - refreshedAt
}

/**
 * A session of ours holds its location itself: an entry in a `WeakMap` costs a hash-table lookup and
 * garbage-collector work on every request.
 */
function locationOf(session: Session & { [LOCATION]?: Location }): Location {
  let location = session[LOCATION] ?? foreignLocations.get(session)
  if (location === undefined) {
    location = nowhere()
    foreignLocations.set(session, location)
  }
  return location
}
