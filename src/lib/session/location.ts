/** Where a session is stored: what a storage remembers of a session between `read` and `save`. */
import type { SessionStore } from '../store/session-store.ts'

export interface Location {
  /** `null` for a session that is stored nowhere yet. */
  store: SessionStore | null
  /** The id under which `store` has the session. */
  id: string
  /** When the TTL was last refreshed, by `performance.now()`. */
  refreshedAt: number
  /** The same for other stores that have the session, or had it. */
  elsewhere?: Map<SessionStore, string>
}

/** The property under which a session of ours has its location. */
export const LOCATION = Symbol('location')

export function nowhere(): Location {
  return { store: null, id: '', refreshedAt: -Infinity }
}
