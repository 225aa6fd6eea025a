/**
 * The order of calls on the same sessions, by these rules:
 *
 * 1. Calls that share an id start in the order in which they were made.
 * 2. A call of several steps, or on several ids, holds its ids from its start to its end: later
 *    calls on any of them wait.
 * 3. A call of one step on one id holds nothing, because its connection keeps it in order. It still
 *    waits behind the calls that hold its id or wait for it.
 * 4. Ids are released once the call can do no more. Over a client of the app that is when the last
 *    step has been answered, and not when the caller was told that its deadline has passed: nothing
 *    is known of the client's connections.
 *
 * A call costs the same however many others wait: it knows only the call before it on each of its
 * ids, and the calls behind it.
 */

/** A call's place in the order. */
export interface Turn {
  readonly ids: readonly string[]
  readonly holds: boolean
  readonly start: (turn: Turn) => void
  /** How many calls right before it have not ended, counted once for each shared id. */
  waitsFor: number
  /** The calls right behind it. */
  readonly followers: Turn[]
}

/** The turn of calls that found nobody before them, and hold nothing. */
const UNHINDERED: Turn = { ids: [], holds: false, start() {}, waitsFor: 0, followers: [] }

export class Order {
  /** The last call on each id that is held or waited for. */
  readonly #last = new Map<string, Turn>()
  /** The turns that have ended, while those behind them are started. */
  readonly #ended: Turn[] = []

  /** Whether nothing is held, so that everyone may start at once. */
  get isIdle(): boolean {
    return this.#last.size === 0
  }

  /**
   * Calls `start` when it is the call's turn, which may be at once. It must not throw.
   *
   * @param holds whether the call takes several steps, or several ids
   */
  enter(ids: readonly string[], holds: boolean, start: (turn: Turn) => void): void {
    if (!holds && !ids.some((id) => this.#last.has(id))) {
      start(UNHINDERED)
      return
    }

    let turn: Turn = { ids, holds, start, waitsFor: 0, followers: [] }
    for (let id of ids) {
      let before = this.#last.get(id)
      this.#last.set(id, turn)
      // The same id may be given twice.
      if (before === undefined || before === turn) continue
      before.followers.push(turn)
      turn.waitsFor++
    }
    if (turn.waitsFor === 0) start(turn)
  }

  /** Ends the turn of a call: releases what it holds, if anything. To be called once. */
  leave(turn: Turn): void {
    if (!turn.holds) return

    // A loop rather than a recursion: a call that is started may end at once, and so may the next.
    this.#ended.push(turn)
    if (this.#ended.length > 1) return

    for (let ended of this.#ended) {
      for (let id of ended.ids) if (this.#last.get(id) === ended) this.#last.delete(id)
      for (let follower of ended.followers) {
        if (--follower.waitsFor > 0) continue
        if (!follower.holds) this.#ended.push(follower)
        follower.start(follower)
      }
    }
    this.#ended.length = 0
  }
}
