/** A session of ours and one of Remix's class, to which the same happens, and which have to look the same. */
import type { Session } from '@remix-run/session'
import assert from 'node:assert/strict'

import type { Change } from './changes.ts'
import { IdNumbers } from './id-numbers.ts'
import { ObjectPairs } from './object-pairs.ts'

/** 0 is our session, 1 is Remix's. */
export type Side = 0 | 1

export class Twins {
  readonly ours: Session
  readonly theirs: Session
  /** Objects that the sessions have given away or were given. */
  readonly #objects: ObjectPairs
  readonly #ids = [new IdNumbers(), new IdNumbers()] as const

  constructor(ours: Session, theirs: Session, objects: ObjectPairs) {
    this.ours = ours
    this.theirs = theirs
    this.#objects = objects
    this.#expectSameState()
  }

  /** Does something to both. What that returns or throws has to be the same, and so has their state. */
  both(act: (session: Session, side: Side) => unknown): void {
    let [ours, theirs] = [outcomeOf(() => act(this.ours, 0)), outcomeOf(() => act(this.theirs, 1))]
    assert.deepEqual(ours, theirs)
    this.#objects.note(ours.returned, theirs.returned)
    this.#expectSameState()
  }

  /** Does to both what takes a value, each getting one of its own. */
  give(values: readonly [unknown, unknown], act: (session: Session, value: unknown) => void): void {
    this.#objects.note(...values)
    this.both((session, side) => act(session, values[side]))
  }

  /** Gives them an object that they have been given or have given away, if there is one. */
  giveOld(back: number, act: (session: Session, value: unknown) => void): void {
    let pair = this.#objects.latest(back)
    if (pair !== undefined) this.give(pair, act)
  }

  /** Changes an object in place, if there is one. Neither session is told. */
  changeOld(back: number, change: Change): void {
    for (let object of this.#objects.latest(back) ?? []) change.apply(object)
    this.#expectSameState()
  }

  expectSameData(): void {
    let [ours, theirs] = [this.ours.data, this.theirs.data]
    assert.deepEqual(ours, theirs)
    ours.forEach((values, index) => {
      let others = theirs[index]!
      assert.deepEqual(Object.keys(values), Object.keys(others))
      for (let key of Object.keys(values)) this.#objects.note(values[key], others[key])
      // They are the caller's own: this must not change the session.
      spoil(values)
      spoil(others)
    })
  }

  #expectSameState(): void {
    assert.deepEqual(stateOf(this.ours, this.#ids[0]), stateOf(this.theirs, this.#ids[1]))
  }
}

function stateOf({ id, deleteId, dirty, destroyed, size }: Session, ids: IdNumbers) {
  return { id: ids.of(id), deleteId: ids.of(deleteId), dirty, destroyed, size }
}

function outcomeOf(act: () => unknown) {
  try {
    return { returned: act() }
  } catch (error) {
    let { constructor, message } = error as Error
    return { threw: constructor, message }
  }
}

function spoil(values: Record<string, unknown>): void {
  for (let key of Object.keys(values)) delete values[key]
  values.spoiled = true
}
