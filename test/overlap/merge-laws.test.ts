/** What merging two changes of one session promises, whatever they are. */
import type { Session } from '@remix-run/session'
import fc from 'fast-check'
import type { RedisSessionStorage } from 'remix-session-storage-redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { native, type OpenStorage } from '../support/backends.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

const KEYS = ['a', 'b', 'c', '7', '__proto__', 'constructor', '']

type Data = Session['data']

interface Step {
  action: 'set' | 'unset' | 'flash' | 'get' | 'push'
  key: string
  value: unknown
}

const keys = fc.constantFrom(...KEYS)
const values = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom(0, '', [], null))
const objects = fc.uniqueArray(fc.tuple(keys, values), { selector: ([key]) => key, maxLength: 4 })
const texts = fc
  .tuple(objects, objects)
  .map((parts) => JSON.stringify(parts.map((entries) => Object.fromEntries(entries))))

function stepsOn(...own: string[]): fc.Arbitrary<Step[]> {
  let step = fc.record<Step>({
    action: fc.constantFrom('set', 'unset', 'flash', 'get', 'push'),
    key: fc.constantFrom(...own),
    value: values,
  })
  return fc.array(step, { maxLength: 5 })
}

function run(session: Session, steps: Step[]): void {
  for (let { action, key, value } of steps) {
    if (action === 'set' || action === 'flash') session[action](key, structuredClone(value))
    else if (action === 'unset') session.unset(key)
    else {
      let found = session.get(key)
      if (action === 'push' && Array.isArray(found)) found.push('pushed')
    }
  }
  // Otherwise what was changed in place is not saved, here or in Remix.
  session.set('saved', true)
}

let redis: TestRedis
let open: OpenStorage
let storage: RedisSessionStorage
beforeAll(async () => {
  redis = await startRedis()
  open = await native.create(redis, { onConflict: 'merge' })
  storage = open.storage
})
afterAll(async () => {
  await open.close()
  await redis.stop()
})

/** Reads the text in as many requests as there are changes, saves them in this order, and gives the result. */
async function merged(text: string, changes: Step[][], order: number[]): Promise<Data> {
  await redis.side.set('session:id', text)
  let sessions = await Promise.all(changes.map(() => storage.read('id')))
  sessions.forEach((session, index) => run(session, changes[index]!))
  for (let index of order) expect(await storage.save(sessions[index]!)).toBe('id')
  return stored()
}

async function stored(): Promise<Data> {
  let data = JSON.parse((await redis.side.get('session:id'))!)
  let [values, flash, third] = data
  expect(data).toHaveLength(3)
  for (let part of data) expect(Object.prototype.toString.call(part)).toBe('[object Object]')
  expect(third.v).toMatch(/^([\w-]{8}){1,8}$/)
  return [values, flash]
}

/** In one request after the other. */
async function inTurn(text: string, changes: Step[][]): Promise<Data> {
  await redis.side.set('session:id', text)
  for (let steps of changes) {
    let session = await storage.read('id')
    run(session, steps)
    await storage.save(session)
  }
  return stored()
}

function sortedEntries(part: object): unknown {
  return Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1))
}

function sorted([values, flash]: Data): unknown {
  return [values, flash].map(sortedEntries)
}

describe('merging', () => {
  test('with a request that has changed nothing changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(texts, stepsOn(...KEYS), async (text, steps) => {
        let alone = await merged(text, [steps], [0])
        expect(sorted(await merged(text, [steps, []], [0, 1]))).toEqual(sorted(alone))
        expect(sorted(await merged(text, [steps, []], [1, 0]))).toEqual(sorted(alone))
      }),
      { numRuns: 300 },
    )
  })

  test('changes of different keys gives the same in either order', async () => {
    await fc.assert(
      fc.asyncProperty(
        texts,
        stepsOn('a', 'b', '7'),
        stepsOn('c', ''),
        async (text, one, other) => {
          let first = await merged(text, [one, other], [0, 1])
          expect(sorted(await merged(text, [one, other], [1, 0]))).toEqual(sorted(first))
        },
      ),
      { numRuns: 300 },
    )
  })

  test('a change with itself is the change', async () => {
    await fc.assert(
      fc.asyncProperty(texts, stepsOn(...KEYS), async (text, steps) => {
        let once = await merged(text, [steps], [0])
        expect(sorted(await merged(text, [steps, steps], [0, 1]))).toEqual(sorted(once))
      }),
      { numRuns: 300 },
    )
  })

  test('values is as good as one request after the other, where those set what they change', async () => {
    let sets = fc.array(
      fc.record<Step>({ action: fc.constantFrom('set', 'unset'), key: keys, value: values }),
      { maxLength: 5 },
    )
    await fc.assert(
      fc.asyncProperty(texts, fc.array(sets, { minLength: 2, maxLength: 4 }), async (text, all) => {
        let order = all.map((_, index) => index)
        let [together] = await merged(text, all, order)
        let [apart] = await inTurn(text, all)
        expect(sortedEntries(together)).toEqual(sortedEntries(apart))
      }),
      { numRuns: 300 },
    )
  })
})
