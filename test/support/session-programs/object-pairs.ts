/** Objects that two sessions handed out or were given, by pairs: what is one for one is one for the other. */
import assert from 'node:assert/strict'

type Pair = readonly [ours: object, theirs: object]

export class ObjectPairs {
  readonly #pairs: Pair[] = []
  readonly #byOurs = new Map<object, Pair>()
  readonly #byTheirs = new Map<object, Pair>()

  /** Remembers a pair, if it is one of objects. One that was seen before has to be of the same two. */
  note(ours: unknown, theirs: unknown): void {
    if (!isObject(ours) || !isObject(theirs)) return

    let known = this.#byOurs.get(ours)
    assert(known === this.#byTheirs.get(theirs), 'a session has to keep the objects that it has')
    if (known !== undefined) return

    let pair = [ours, theirs] as const
    this.#pairs.push(pair)
    this.#byOurs.set(ours, pair)
    this.#byTheirs.set(theirs, pair)
  }

  /** Returns the latest pair that was remembered, or the one so many before it, if there are any. */
  latest(back: number): Pair | undefined {
    return this.#pairs.at(-1 - back) ?? this.#pairs[0]
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
