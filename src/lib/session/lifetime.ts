/** Ends sessions some time after they were created, however active they are. */
import type { Terms } from '../store/session-store.ts'
import type { Location } from './location.ts'

export class Lifetime {
  readonly #max: number | null
  readonly #ttl: number

  /**
   * @param max seconds that a session lives; `null` for as long as it is used
   * @param ttl seconds that an unused session lives
   */
  constructor(max: number | null, ttl: number | null) {
    this.#max = max
    this.#ttl = ttl ?? Infinity
  }

  get isLimited(): boolean {
    return this.#max !== null
  }

  /**
   * Takes note of when a session was created. One of which nobody knows that begins with its next save.
   *
   * @param createdAt when it was according to others, who have saved it meanwhile
   */
  begin(location: Location, createdAt: number | null = null): void {
    if (this.#max !== null) location.createdAt = createdAt ?? location.createdAt ?? Math.ceil(now())
  }

  hasEnded(location: Location): boolean {
    return this.#left(location) <= 0
  }

  /** Has the key of a session expire with it, if not before. */
  bound<terms extends Terms | undefined>(location: Location, terms: terms): terms | Terms {
    if (this.#max === null) return terms
    return { ...terms, ttl: Math.max(1, Math.min(this.#ttl, Math.ceil(this.#left(location)))) }
  }

  /** Returns the seconds that are left of a session. */
  #left({ createdAt }: Location): number {
    return this.#max === null || createdAt === null ? Infinity : createdAt + this.#max - now()
  }
}

/** Seconds since 1970; what is stored has whole ones, so that a session may live up to a second longer. */
function now(): number {
  return Date.now() / 1000
}
