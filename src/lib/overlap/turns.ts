/** Keeps what is done to one session in the order of the calls, where some of it takes several steps. */
import { Order } from '../store/order.ts'
import type { Pending } from '../store/pending.ts'
import type { Terms } from '../store/session-store.ts'

/** A call that takes more than a single command after all. */
interface GoingOn {
  /** When it was made. */
  since: number
  /** Goes on; settles when it has ended, however that was. */
  run(): Promise<void>
}

/**
 * The calls of one storage. A single command needs no turn of its own, because its store keeps those
 * of one session in order; it only waits for calls of several steps that have begun before it.
 */
export class Turns {
  readonly #pending: Pending
  readonly #order = new Order()
  /** Calls that go on, and have not got their turn yet, by the session that they are about. */
  readonly #goingOn = new Map<string, GoingOn[]>()

  constructor(pending: Pending) {
    this.#pending = pending
  }

  /** Does what takes a single command on a session: at once, unless it has to wait for its turn. */
  single<result>(id: string, work: (terms?: Terms) => Promise<result>): Promise<result> {
    return this.#order.isIdle ? work() : this.#enter([id], false, work)
  }

  /** Does what takes several steps. Other calls on these sessions wait until it has ended. */
  several<result>(
    ids: readonly string[],
    work: (terms: Terms) => Promise<result>,
  ): Promise<result> {
    return this.#enter(ids, true, work)
  }

  /** Goes on with a call that took more than a single command after all, when it is its turn again. */
  goOn<result>(
    id: string,
    since: number,
    work: (terms: Terms) => Promise<result>,
  ): Promise<result> {
    this.#pending.admit(0, true)
    return new Promise((resolve, reject) => {
      let others = this.#goingOn.get(id) ?? []
      this.#goingOn.set(id, others)
      let call: GoingOn = {
        since,
        run: () => {
          others.splice(others.indexOf(call), 1)
          if (others.length === 0) this.#goingOn.delete(id)
          return work({ since })
            .finally(() => this.#pending.release(0))
            .then(resolve, reject)
        },
      }
      others.push(call)
      this.#order.enter([id], true, (turn) => {
        let isOver = others.includes(call) ? call.run() : Promise.resolve()
        void isOver.then(() => this.#order.leave(turn))
      })
    })
  }

  /**
   * Has those end first that were called before, and have found out meanwhile that they take more than a
   * single command. To be called by who has its turn on the session, when all commands before have been answered.
   */
  async letEarlierGoOn(id: string, since: number): Promise<void> {
    for (;;) {
      let earlier = this.#goingOn.get(id)?.find((call) => call.since < since)
      if (earlier === undefined) return
      await earlier.run()
    }
  }

  #enter<result>(
    ids: readonly string[],
    holds: boolean,
    work: (terms: Terms) => Promise<result>,
  ): Promise<result> {
    let refusal = this.#pending.admit(0)
    if (refusal !== undefined) return Promise.reject(refusal)
    return this.#run(ids, holds, { since: performance.now() }, work)
  }

  #run<result>(
    ids: readonly string[],
    holds: boolean,
    terms: Terms,
    work: (terms: Terms) => Promise<result>,
  ): Promise<result> {
    return new Promise((resolve, reject) => {
      this.#order.enter(ids, holds, (turn) => {
        work(terms)
          .finally(() => {
            this.#order.leave(turn)
            this.#pending.release(0)
          })
          .then(resolve, reject)
      })
    })
  }
}
