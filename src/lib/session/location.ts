/** Where a session is stored: what a storage remembers of a session between `read` and `save`. */
import type { SaveState } from '../overlap/save-state.ts'
import type { SessionStore, Spans } from '../store/session-store.ts'

export interface Location {
  /** `null` for a session that is stored nowhere yet. */
  store: SessionStore | null
  /** The id under which `store` has the session; `null` for none. */
  id: string | null
  /** When the TTL was last refreshed, by `performance.now()`. */
  refreshedAt: number
  /** The text that was read, and what leads to its third element; `null` for a new session. */
  text: string | null
  third: Spans | boolean
  /** What has become of the session since it was read, once it has been saved. */
  state: SaveState | null
  /** The same for another store that has the session, or had it. */
  next: Location | null
}

/** The property under which a session of ours has its location. */
export const LOCATION = Symbol('location')

export function nowhere(): Location {
  return {
    store: null,
    id: null,
    refreshedAt: -Infinity,
    text: null,
    third: false,
    state: null,
    next: null,
  }
}
