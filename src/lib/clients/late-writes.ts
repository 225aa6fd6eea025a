/**
 * Writes that the client had not answered at their deadline, and may carry out yet. Over a client that keeps
 * no order, later calls wait for those of their session: not for ever, because a client may never answer.
 */
export class LateWrites {
  readonly #longest: number
  readonly #bySession = new Map<string, Set<Promise<void>>>()

  /** @param longest milliseconds for which others wait */
  constructor(longest: number) {
    this.#longest = longest
  }

  /** Adds a write; returns what is to be called when the client has answered. */
  add(id: string): () => void {
    let end!: () => void
    let isOver = new Promise<void>((resolve) => (end = resolve))
    let writes = this.#bySession.get(id) ?? new Set()
    this.#bySession.set(id, writes.add(isOver))
    // Whoever waits for it has a deadline of their own, which keeps the process alive.
    let timer = setTimeout(end, this.#longest).unref()
    void isOver.then(() => {
      clearTimeout(timer)
      writes.delete(isOver)
      if (writes.size === 0) this.#bySession.delete(id)
    })
    return end
  }

  /** Resolves when a session has no late writes; `undefined` if it has none. */
  of(id: string): Promise<unknown> | undefined {
    let writes = this.#bySession.get(id)
    return writes && Promise.all(writes)
  }
}
