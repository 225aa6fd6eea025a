/** One coarse timer for the deadlines of all calls: one for each would cost as much as the rest of a call does here. */

/** How many parts a timeout is divided into, each of them as long as this many milliseconds at most. */
const PARTS = 100
const LONGEST_PART = 20

/** Something that ends at a deadline: a member of a ring, which consists of itself alone to begin with. */
export class Deadline {
  before: Deadline = this
  after: Deadline = this

  /** Called when the time has come. */
  expire(): void {}

  insertBefore(other: Deadline): void {
    this.before = other.before
    this.after = other
    this.before.after = this
    other.before = this
  }

  remove(): void {
    this.before.after = this.after
    this.after.before = this.before
    this.before = this
    this.after = this
  }
}

export class Deadlines {
  /** Milliseconds between two looks at what is over. */
  readonly #part: number
  /** The deadlines by the part of time at whose end they are over: rings, each with a head that is no deadline. */
  readonly #rings = new Map<number, Deadline>()
  #count = 0
  /** The last part that was looked at. */
  #looked = 0
  /** Runs while there are deadlines, and keeps the process alive for them, or a part longer. */
  #timer: NodeJS.Timeout | undefined

  /** @param longest milliseconds that most deadlines are away */
  constructor(longest: number) {
    this.#part = Math.min(Math.max(longest / PARTS, 1), LONGEST_PART)
  }

  /** Has a deadline expire in so many milliseconds, or a part later, but never before. */
  add(deadline: Deadline, milliseconds: number): void {
    let now = performance.now()
    let until = now + milliseconds
    if (this.#timer === undefined) {
      this.#looked = Math.floor(now / this.#part)
      this.#timer = setInterval(() => this.#look(), this.#part)
    }
    let part = Math.ceil(until / this.#part)
    let ring = this.#rings.get(part)
    if (ring === undefined) this.#rings.set(part, (ring = new Deadline()))
    deadline.insertBefore(ring)
    this.#count++
  }

  /** Forgets a deadline that has not expired. */
  remove(deadline: Deadline): void {
    deadline.remove()
    this.#count--
  }

  #look(): void {
    let now = Math.floor(performance.now() / this.#part)
    while (this.#looked < now) {
      let ring = this.#rings.get(++this.#looked)
      if (ring === undefined) continue
      // What expires may add others, but only to parts that are not over.
      this.#rings.delete(this.#looked)
      while (ring.after !== ring) {
        let next = ring.after
        this.remove(next)
        next.expire()
      }
    }
    if (this.#count === 0) this.#stop()
  }

  #stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#rings.clear()
  }
}
