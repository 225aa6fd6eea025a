/** Makes sessions, and remembers where each of them is stored and since when its TTL runs. */
import { Session } from '@remix-run/session'

import type { SessionStore } from '../store/session-store.ts'
import type { JsonObject } from './json-object.ts'
import { coversSession, JsonSession } from './json-session.ts'
import { LOCATION, nowhere, type Location } from './location.ts'

const isCovered = coversSession()

/** The locations of sessions that are not ours, such as those of Remix's own class. */
const foreignLocations = new WeakMap<Session, Location>()

/** Makes a session that is stored nowhere yet. */
export function newSession(id?: string): Session {
  return isCovered ? new JsonSession(id) : new Session(id)
}

/** Makes a session as it was read from `store`. */
export function loadedSession(
  store: SessionStore,
  id: string,
  [values, flash]: [values: JsonObject, flash: JsonObject],
): Session {
  let session: Session = isCovered
    ? new JsonSession(id, values, flash)
    : new Session(id, [values.toValues(), flash.toValues()])
  markStored(session, store, id)
  return session
}

/** Remembers that `store` has the session under `id`, with a fresh TTL. */
export function markStored(session: Session, store: SessionStore, id: string): void {
  let location = locationOf(session)
  if (location.store !== null && location.store !== store) {
    location.elsewhere ??= new Map()
    location.elsewhere.set(location.store, location.id)
  }
  location.store = store
  location.id = id
  location.refreshedAt = performance.now()
}

/** Returns the id under which `store` has the session, or `null` if it is new to that store. */
export function storedId(session: Session, store: SessionStore): string | null {
  let location = locationOf(session)
  return location.store === store ? location.id : (location.elsewhere?.get(store) ?? null)
}

/** Returns the milliseconds since the TTL of a stored session was last refreshed. */
export function age(session: Session): number {
  return performance.now() - locationOf(session).refreshedAt
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
