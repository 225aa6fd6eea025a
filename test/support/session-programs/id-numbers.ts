/** Two sessions make different random ids; whether they make new ones at the same time shows in numbers. */
import assert from 'node:assert/strict'

export class IdNumbers {
  readonly #numbers = new Map<string | undefined, number>([[undefined, -1]])

  /** Returns the same number for the same id, and the next one for an id that was not there before. */
  of(id: string | undefined): number {
    let number = this.#numbers.get(id)
    if (number === undefined) {
      number = this.#numbers.size - 1
      if (number > 0) assert.match(id!, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      this.#numbers.set(id, number)
    }
    return number
  }
}
