/** Calls on the same sessions keep their order: held against the plainest model of the rules. */
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { Order, type Turn } from '../../src/lib/store/order.ts'

type Step =
  | { action: 'call'; ids: string[]; isSingle: boolean }
  /** Ends one of the calls that hold ids: which one, is the remainder of `which`. */
  | { action: 'end'; which: number }

const programs: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      action: fc.constant('call' as const),
      ids: fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 3 }),
      isSingle: fc.boolean(),
    }),
    fc.record({ action: fc.constant('end' as const), which: fc.nat() }),
  ),
  { maxLength: 60, size: 'max' },
)

interface ModelCall {
  ids: string[]
  holds: boolean
  state: 'waiting' | 'started' | 'ended'
}

/** Starts whatever may start: looks at every earlier call, for each call. */
function startInModel(calls: ModelCall[]): void {
  for (let [i, call] of calls.entries()) {
    let isBlocked = calls.slice(0, i).some((earlier) => {
      let isInTheWay = earlier.state === 'waiting' || (earlier.holds && earlier.state === 'started')
      return isInTheWay && earlier.ids.some((id) => call.ids.includes(id))
    })
    if (call.state === 'waiting' && !isBlocked) call.state = 'started'
  }
}

test('starts the calls that the rules let start, in order, whatever calls and ends come', () => {
  fc.assert(
    fc.property(programs, (program) => {
      let order = new Order()
      let model: ModelCall[] = []
      let turns: Turn[] = []
      let started: number[] = []

      for (let step of program) {
        if (step.action === 'call') {
          let { ids, isSingle } = step
          let number = model.length
          let holds = !isSingle || ids.length > 1
          model.push({ ids, holds, state: 'waiting' })
          order.enter(ids, holds, (turn) => {
            started.push(number)
            turns[number] = turn
          })
        } else {
          let running = started.filter((i) => model[i]!.holds && model[i]!.state === 'started')
          if (running.length === 0) continue
          let number = running[step.which % running.length]!
          model[number]!.state = 'ended'
          order.leave(turns[number]!)
        }

        startInModel(model)
        let expected = [...model.keys()].filter((i) => model[i]!.state !== 'waiting')
        expect(started.toSorted((a, b) => a - b)).toEqual(expected)
        for (let id of ['a', 'b', 'c', 'd']) {
          let onThisId = started.filter((i) => model[i]!.ids.includes(id))
          expect(onThisId).toEqual(onThisId.toSorted((a, b) => a - b))
        }
      }
    }),
    { numRuns: 500 },
  )
})

test('starts thousands of waiting calls that each end as soon as they start', () => {
  let order = new Order()
  let first: Turn | undefined
  order.enter(['a'], true, (turn) => (first = turn))
  let count = 20_000
  let started = 0
  for (let i = 0; i < count; i++) {
    order.enter(['a'], true, (turn) => {
      started++
      order.leave(turn)
    })
  }
  expect(started).toBe(0)
  order.leave(first!)

  expect(started).toBe(count)
})

/** Counts how often the ids of calls are looked at, while `count` calls wait and then go. */
function looksAtIds(count: number, idsOf: (i: number) => string[]): number {
  let looks = 0
  let counted = (ids: string[]) =>
    new Proxy(ids, {
      get(target, key) {
        looks++
        return Reflect.get(target, key, target)
      },
    })
  let order = new Order()
  let running: Turn[] = []
  let started = 0
  for (let i = 0; i < count; i++) {
    order.enter(counted(idsOf(i)), true, (turn) => {
      started++
      running.push(turn)
    })
  }
  for (let turn of running) order.leave(turn)
  expect(started).toBe(count)
  return looks
}

test.each<[string, (i: number) => string[]]>([
  ['on one session', () => ['a']],
  ['on as many sessions', (i) => [`${i}`]],
  ['on two sessions each, one of which is the next one’s, too', (i) => [`${i}`, `${i + 1}`]],
])('takes twice the work for twice the calls %s', (_, idsOf) => {
  let count = 20_000
  let once = looksAtIds(count / 2, idsOf)

  expect(looksAtIds(count, idsOf)).toBeLessThan(2.1 * once)
})

test('remembers nothing of calls that have ended', () => {
  let order = new Order()
  let release: Turn | undefined
  order.enter(['a', 'b'], true, (turn) => (release = turn))
  order.enter(['a'], false, () => {})
  order.leave(release!)
  let isImmediate = false
  order.enter(['a', 'b'], true, (turn) => {
    isImmediate = true
    order.leave(turn)
  })

  expect(isImmediate).toBe(true)
})
