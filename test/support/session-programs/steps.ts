/** What a program may do with a session. */
import fc from 'fast-check'

import { changes } from './changes.ts'
import { keys, type ChooseKey } from './keys.ts'
import { values } from './values.ts'
import type { Visit } from './visit.ts'

export interface Step {
  run(visit: Visit): unknown
  /** As a failed program prints it. */
  toString(): string
}

/** A step that is still to be told which keys the stored session has. */
export type PlannedStep = (storedKeys: string[]) => Step

function step(name: string, run: Step['run']): Step {
  return { run, toString: () => name }
}

function planned<parts extends unknown[]>(
  parts: fc.Arbitrary<[ChooseKey, ...parts]>,
  make: (key: string, ...parts: parts) => Step,
): fc.Arbitrary<PlannedStep> {
  return parts.map(
    ([choose, ...parts]) =>
      (storedKeys) =>
        make(choose(storedKeys), ...parts),
  )
}

function unplanned(step: fc.Arbitrary<Step> | Step): fc.Arbitrary<PlannedStep> {
  let steps = 'run' in step ? fc.constant(step) : step
  return steps.map((step) => () => step)
}

function quoted(key: string): string {
  return fc.stringify(key)
}

/** Which object is meant of those that the session has handed out or was given: 0 is the latest. */
const back = fc.nat(4)

const get = planned(fc.tuple(keys), (key) =>
  step(`get(${quoted(key)})`, ({ twins }) => twins.both((session) => session.get(key))),
)

const has = planned(fc.tuple(keys), (key) =>
  step(`has(${quoted(key)})`, ({ twins }) => twins.both((session) => session.has(key))),
)

const unset = planned(fc.tuple(keys), (key) =>
  step(`unset(${quoted(key)})`, ({ twins }) => twins.both((session) => session.unset(key))),
)

const giveValue = planned(
  fc.tuple(keys, fc.constantFrom('set', 'set', 'set', 'flash'), values),
  (key, method, value) =>
    step(`${method}(${quoted(key)}, ${value})`, ({ twins }) =>
      twins.give([value.make(), value.make()], (session, value) => session[method](key, value)),
    ),
)

const giveOldObject = planned(
  fc.tuple(keys, fc.constantFrom('set', 'flash'), back),
  (key, method, back) =>
    step(`${method}(${quoted(key)}, object -${back})`, ({ twins }) =>
      twins.giveOld(back, (session, value) => session[method](key, value)),
    ),
)

const changeOldObject = unplanned(
  fc
    .tuple(back, changes)
    .map(([back, change]) =>
      step(`object -${back}: ${change}`, ({ twins }) => twins.changeOld(back, change)),
    ),
)

const data = unplanned(step('data', ({ twins }) => twins.expectSameData()))

const regenerateId = unplanned(
  fc
    .constantFrom<[boolean?][]>([], [false], [true])
    .map((args) =>
      step(`regenerateId(${args})`, ({ twins }) =>
        twins.both((session) => session.regenerateId(...args)),
      ),
    ),
)

const destroy = unplanned(
  step('destroy()', ({ twins }) => twins.both((session) => session.destroy())),
)

const save = unplanned(step('save', (visit) => visit.save()))

export const nextRequest = step('next request', (visit) => visit.nextRequest())

/** Looks at everything that a session has by then. */
export function lookAtAll(keys: string[]): Step {
  return step('look at all', ({ twins }) => {
    for (let key of keys) {
      twins.both((session) => session.has(key))
      twins.both((session) => session.get(key))
    }
    twins.expectSameData()
  })
}

export const steps: fc.Arbitrary<PlannedStep> = fc.oneof(
  { weight: 20, arbitrary: get },
  { weight: 8, arbitrary: has },
  { weight: 26, arbitrary: giveValue },
  { weight: 3, arbitrary: giveOldObject },
  { weight: 14, arbitrary: changeOldObject },
  { weight: 13, arbitrary: unset },
  { weight: 2, arbitrary: data },
  { weight: 3, arbitrary: regenerateId },
  { weight: 1, arbitrary: destroy },
  { weight: 4, arbitrary: save },
  { weight: 6, arbitrary: unplanned(nextRequest) },
)
