/** Where a session is stored: what a storage remembers of a session between `read` and `save`. */
import type { SaveState } from '../overlap/save-state.ts'
import type { SessionStore, Spans } from '../store/session-store.ts'

export interface Location {
  /** `null` for a session that is stored nowhere yet. */
  store: SessionStore | null
  /** The id under which `store` has the session; `null` for none. */
  id: string | null
  /** The id that the cookie named, if the store did not have it. */
  asked: string | null
  /** Redis could not answer: nothing is kept of the session, and the cookie stays as it is. */
  isAnonymous: boolean
  /** When the session was created, in seconds since 1970; `null` where that is not known, or does not matter. */
  createdAt: number | null
  /** When the TTL was last refreshed, by `performance.now()`. */
  refreshedAt: number
  /** The text that was read, and what leads to its third element; `null` for a new session. */
  text: string | null
  third: Spans | boolean
  /** What has become of the session since it was read, once it has been saved. */
  state: SaveState | null
  /** The latest save; `null` once that has ended well. */
  saving: Saving | null
  /** The same for another store that has the session, or had it. */
  next: Location | null
}

/** A save that is under way, or has failed. */
export interface Saving {
  /** The ids under which the session may be until it has ended. */
  readonly ids: readonly string[]
  /** Settles when it has ended, and all before it. */
  result: Promise<unknown> | null
}

/** The property under which a session of ours has its location. */
export const LOCATION = Symbol('location')

export function nowhere(): Location {
  return {
    store: null,
    id: null,
    asked: null,
    isAnonymous: false,
    createdAt: null,
    refreshedAt: -Infinity,
    text: null,
    third: false,
    state: null,
    saving: null,
    next: null,
  }
}

export function begin(location: Location, ids: readonly string[]): Saving {
  return (location.saving = { ids, result: null })
}

/** Takes note that a save has ended well. What has begun since is not concerned. */
export function end(location: Location, saving: Saving): void {
  if (location.saving === saving) location.saving = null
}
