/**
 * Writes that the client had not answered at their deadline, and may carry out yet. Over a client that keeps
 * no order, later calls wait for those of their session: not for ever, because a client may never answer.
 */
import { Deadline, type Deadlines } from './deadlines.ts'

/** Ends when the client has answered, or when nobody waits any longer for it to do so. */
export class LateWrite extends Deadline {
  readonly isOver: Promise<void>
  #end!: () => void

  constructor() {
    super()
    this.isOver = new Promise((resolve) => (this.#end = resolve))
  }

  override expire(): void {
    this.#end()
  }
}

export class LateWrites {
  readonly #deadlines: Deadlines
  readonly #longest: number
  readonly #bySession = new Map<string, Set<LateWrite>>()

  /** @param longest milliseconds for which others wait */
  constructor(deadlines: Deadlines, longest: number) {
    this.#deadlines = deadlines
    this.#longest = longest
  }

  add(id: string): LateWrite {
    let write = new LateWrite()
    let others = this.#bySession.get(id) ?? new Set()
    this.#bySession.set(id, others.add(write))
    this.#deadlines.add(write, this.#longest)
    void write.isOver.then(() => {
      others.delete(write)
      if (others.size === 0) this.#bySession.delete(id)
    })
    return write
  }

  /** Takes note that the client has answered a write after all, if it is not too late for that, too. */
  answered(write: LateWrite): void {
    if (write.after === write) return
    this.#deadlines.remove(write)
    write.expire()
  }

  /** Resolves when a session has no late writes; `undefined` if it has none. */
  of(id: string): Promise<unknown> | undefined {
    let writes = this.#bySession.get(id)
    return writes && Promise.all([...writes].map(({ isOver }) => isOver))
  }
}
