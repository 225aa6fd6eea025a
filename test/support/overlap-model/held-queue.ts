/** Frames that go one way over a connection: they keep their order, and a scheduler says when each may go. */
import type fc from 'fast-check'

/** Says when a frame may go: by the promise that it returns. */
export type Scheduler = Pick<fc.Scheduler, 'schedule'>

interface Held {
  frame: Buffer
  /** How the scheduler's report calls the frame. */
  label: string
}

export class HeldQueue {
  readonly #send: (frame: Buffer) => void
  readonly #held: Held[] = []

  constructor(send: (frame: Buffer) => void) {
    this.#send = send
  }

  hold(scheduler: Scheduler, held: Held): void {
    this.#held.push(held)
    if (this.#held.length === 1) this.#schedule(scheduler)
  }

  /** Lets a frame go, behind those that are held. */
  pass(frame: Buffer): void {
    this.releaseAll()
    this.#send(frame)
  }

  releaseAll(): void {
    for (let { frame } of this.#held.splice(0)) this.#send(frame)
  }

  /** Only the first frame can be chosen by the scheduler, so that its report names the one that goes. */
  #schedule(scheduler: Scheduler): void {
    let [first] = this.#held
    void scheduler.schedule(Promise.resolve(), first!.label).then(() => {
      // All may have been released meanwhile, and others be held since.
      if (this.#held[0] !== first) return
      this.#held.shift()
      this.#send(first!.frame)
      if (this.#held.length > 0) this.#schedule(scheduler)
    })
  }
}
