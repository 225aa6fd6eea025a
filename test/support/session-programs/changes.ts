/** What an app does to an object that it got from a session, or gave to it: changes it in place. */
import fc from 'fast-check'

import { values, type Value } from './values.ts'

export interface Change {
  apply(object: object): void
  /** As a failed program prints it. */
  toString(): string
}

type Target = Record<string, unknown> | unknown[]

/** Follows a path into an object as far as there are objects; a number stands for any key. */
function descend(object: object, path: number[]): Target {
  let target = object as Record<string, unknown>
  for (let at of path) {
    let keys = Object.keys(target)
    let next = target[keys[at % keys.length]!]
    if (typeof next !== 'object' || next === null) break
    target = next as Record<string, unknown>
  }
  return target
}

function changeAt(path: number[], name: string, change: (target: Target) => void): Change {
  let where = path.length === 0 ? '' : ` at [${path}]`
  return { apply: (object) => change(descend(object, path)), toString: () => name + where }
}

function add(path: number[], key: string, value: Value): Change {
  return changeAt(path, `add ${JSON.stringify(key)}: ${value}`, (target) => {
    if (Array.isArray(target)) target.push(value.make())
    else target[key] = value.make()
  })
}

function removeFirst(path: number[]): Change {
  return changeAt(path, 'remove the first member', (target) => {
    if (Array.isArray(target)) target.shift()
    else delete target[Object.keys(target)[0]!]
  })
}

function clear(path: number[]): Change {
  return changeAt(path, 'remove all members', (target) => {
    if (Array.isArray(target)) target.length = 0
    else for (let key of Object.keys(target)) delete target[key]
  })
}

const toKey = (key: string) => `under ${key}`

function addToJson(path: number[]): Change {
  return changeAt(path, 'add toJSON', (target) => Object.assign(target, { toJSON: toKey }))
}

function addItself(path: number[]): Change {
  return changeAt(path, 'add itself', (target) => Object.assign(target, { itself: target }))
}

const path = fc.array(fc.nat(3), { maxLength: 2 })
const key = fc.constantFrom('a', 'n', '7', '')

export const changes: fc.Arbitrary<Change> = fc.oneof(
  { weight: 12, arbitrary: fc.tuple(path, key, values).map((parts) => add(...parts)) },
  { weight: 4, arbitrary: path.map(removeFirst) },
  { weight: 2, arbitrary: path.map(clear) },
  { weight: 2, arbitrary: path.map(addToJson) },
  { weight: 1, arbitrary: path.map(addItself) },
)
