/** Has the cookie of an unchanged session sent again now and then, so that its `maxAge` starts over. */
import type { SessionStore, Terms } from '../store/session-store.ts'
import { readMarks } from './marks.ts'
import { together } from './together.ts'

/** Milliseconds for which a cookie that was sent is as good as new: a page is many requests. */
const FRESH_FOR = 60_000

/** How many sessions are remembered; of one that was forgotten, the cookie is sent once more. */
const MOST = 10_000

export class CookieRefresh {
  readonly #store: SessionStore
  readonly #rolling: boolean
  /** When the cookies were sent, by `performance.now()`; the oldest come first. */
  readonly #sent = new Map<string, number>()

  constructor(store: SessionStore, rolling: boolean) {
    this.#store = store
    this.#rolling = rolling
  }

  /** Whether a cookie is due. It counts as sent from here on: others that come now need not send it. */
  isDue(id: string): boolean {
    let now = performance.now()
    if (now - (this.#sent.get(id) ?? -Infinity) < FRESH_FOR) return false

    this.#sent.delete(id)
    this.#sent.set(id, now)
    let [oldest] = this.#sent.keys()
    if (this.#sent.size > MOST) this.#sent.delete(oldest!)
    return true
  }

  /**
   * Returns the id of a session if its cookie may be sent, and `null` otherwise: the session may have
   * been destroyed since it was read, or have another id now, which the browser may know already.
   * Refreshes the TTL on the way, where every request does.
   */
  async refresh(id: string, terms: Terms): Promise<string | null> {
    let store = this.#store
    let [exists, marks] = await together([
      this.#rolling
        ? store.touch(id, Boolean, terms)
        : store.peek(id, (text) => text !== null, terms),
      store.keepsMarks ? readMarks(store, id, terms) : undefined,
    ])
    let isMarked = marks !== undefined && (marks.isDestroyed || marks.successors.length > 0)
    return exists && !isMarked ? id : null
  }
}
