/** Who waits for which answer. */

const SLOT_BITS = 20
const SLOT_MASK = 2 ** SLOT_BITS - 1
const GENERATIONS = 2 ** (32 - SLOT_BITS)

/**
 * Hands out a ticket for everything that waits, and returns it once for that ticket.
 *
 * A ticket is a slot number and the slot's generation, which changes each time the slot is used
 * again: an answer with an old ticket finds nobody, rather than somebody else.
 */
export class TicketTable<waiting> {
  #slots: (waiting | undefined)[] = []
  #tickets: number[] = []
  #free: number[] = []

  get isEmpty(): boolean {
    return this.#free.length === this.#slots.length
  }

  /** Keeps `waiting` (at most 1,000,000 at a time), and returns its ticket: an unsigned 32-bit number. */
  add(waiting: waiting): number {
    let slot = this.#free.pop()
    if (slot === undefined) {
      slot = this.#slots.length
      this.#slots.push(waiting)
      this.#tickets.push(slot)
      return slot
    }
    this.#slots[slot] = waiting
    return this.#tickets[slot]!
  }

  /** Returns what waits under `ticket` and forgets it; `undefined` if nothing does. */
  take(ticket: number): waiting | undefined {
    let slot = ticket & SLOT_MASK
    let waiting = this.#slots[slot]
    if (waiting === undefined || this.#tickets[slot] !== ticket) return undefined

    this.#slots[slot] = undefined
    let generation = ((ticket >>> SLOT_BITS) + 1) % GENERATIONS
    this.#tickets[slot] = ((generation << SLOT_BITS) | slot) >>> 0
    this.#free.push(slot)
    return waiting
  }

  /** Returns everything that waits, and forgets it. */
  takeAll(): waiting[] {
    return this.#tickets
      .map((ticket) => this.take(ticket))
      .filter((waiting) => waiting !== undefined)
  }
}
