/** Values that an app puts into a session, whether JSON can express them or not. */
import fc from 'fast-check'

import { jsonValues } from './json-values.ts'

/** Makes the same value anew with each call: each of two sessions gets one of its own. */
export interface Value {
  make(): unknown
  /** As a failed program prints it. */
  toString(): string
}

/** One for all values: functions are equal only to themselves. */
const noJson = () => {}
const keyAsJson = (key: string) => [key]
const undefinedAsJson = () => undefined
const functionWithJson = Object.assign(() => {}, { toJSON: keyAsJson })

const ODD_VALUES: [name: string, make: () => unknown][] = [
  ['NaN', () => NaN],
  ['-0', () => -0],
  ['new Date(0)', () => new Date(0)],
  ['new Map([[1, 2]])', () => new Map([[1, 2]])],
  ['Object(1)', () => Object(1)],
  ['() => {}', () => noJson],
  ['(key) => [key]', () => keyAsJson],
  ['Symbol.for("s")', () => Symbol.for('s')],
  ['[undefined, () => {}]', () => [undefined, noJson]],
  ['{ n: undefined, f: () => {} }', () => ({ n: undefined, f: noJson })],
  ['{ toJSON: (key) => [key] }', () => ({ toJSON: keyAsJson })],
  ['{ toJSON: () => undefined }', () => ({ toJSON: undefinedAsJson })],
  ['a function with toJSON', () => functionWithJson],
]

/** Those that a session cannot be saved with. */
const UNSERIALIZABLE_VALUES: [name: string, make: () => unknown][] = [
  ['1n', () => 1n],
  ['{ n: [1n] }', () => ({ n: [1n] })],
  ['a cycle', () => cycle()],
  ['{ toJSON() { throw } }', () => ({ toJSON: refuse })],
]

function cycle(): object {
  let array: unknown[] = [1]
  array.push({ array })
  return array
}

function refuse(): never {
  throw new Error('secret')
}

function named([name, make]: [string, () => unknown]): Value {
  return { make, toString: () => name }
}

/** A value that `structuredClone` copies. */
function cloned(value: unknown): Value {
  return { make: () => structuredClone(value), toString: () => fc.stringify(value) }
}

export const values: fc.Arbitrary<Value> = fc.oneof(
  { weight: 16, arbitrary: jsonValues.map(cloned) },
  {
    weight: 16,
    arbitrary: fc.constantFrom<unknown>(0, 1, '', 'é👋', {}, [], { n: 1 }).map(cloned),
  },
  { weight: 8, arbitrary: fc.constantFrom(null, undefined, false).map(cloned) },
  { weight: 8, arbitrary: fc.constantFrom(...ODD_VALUES.map(named)) },
  { weight: 1, arbitrary: fc.constantFrom(...UNSERIALIZABLE_VALUES.map(named)) },
)
