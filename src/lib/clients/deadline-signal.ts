/**
 * What tells a client at the deadline to drop what it has not sent: as much of an `AbortSignal` as node-redis uses. To
 * listen to one of the platform took the event loop up to a tenth of what a request takes it in all.
 */
export class DeadlineSignal {
  aborted = false
  readonly #listeners: (() => void)[] = []

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.push(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    let index = this.#listeners.indexOf(listener)
    if (index >= 0) this.#listeners.splice(index, 1)
  }

  abort(): void {
    this.aborted = true
    for (let listener of this.#listeners.splice(0)) listener()
  }
}
