/**
 * Random programs of requests that overlap, whose commands reach Redis in an order that a scheduler chooses:
 * each call has done what it is specified to do at some moment between the call and its answer, and that
 * explains all answers and what Redis holds in the end.
 *
 * `OVERLAP_PROGRAMS=100000` runs more of them. A failure names its seed and its path:
 * `OVERLAP_PROGRAMS=1 OVERLAP_SEED=… OVERLAP_PATH=…` runs that program again, with `-t 'over ioredis, with merge'` over
 * the same client. Over a `url`, threads that take their time may lead to another order.
 */
import fc from 'fast-check'
import assert from 'node:assert/strict'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { backends, ioredis, native, nodeRedis, type OpenStorage } from '../support/backends.ts'
import { lineOf, type Call } from '../support/overlap-model/calls.ts'
import { hasOrder, type Stored } from '../support/overlap-model/find-order.ts'
import { startGate, type Gate } from '../support/overlap-model/gate.ts'
import { PROCESSES, programs, type Program } from '../support/overlap-model/program.ts'
import { Run } from '../support/overlap-model/run.ts'
import { storedIn } from '../support/overlap-model/stored.ts'
import { servers, startRedis, TESTED_CLIENTS, type TestRedis } from '../support/redis.ts'

const { OVERLAP_PROGRAMS, OVERLAP_SEED, OVERLAP_PATH } = process.env
const PROGRAMS = Number(OVERLAP_PROGRAMS ?? 2400)
/** Of a program to be run again. */
const FROM = OVERLAP_SEED ? { seed: Number(OVERLAP_SEED), path: OVERLAP_PATH } : {}

const BACKENDS = TESTED_CLIENTS ? backends : [native, nodeRedis, ioredis]
const PER_SETUP = Math.ceil(PROGRAMS / (servers.length * BACKENDS.length * 2))

/** What all programs together have come to. */
let seen = { programs: 0, overlappingCalls: 0, sessionsThatWereGone: 0 }

describe.each(servers)('on $name', ({ binary }) => {
  let redis: TestRedis
  beforeAll(async () => {
    redis = await startRedis({ binary: binary() })
  })
  afterAll(() => redis.stop())

  let setups = BACKENDS.flatMap(({ name, create }) => [
    { name, create, onConflict: 'merge' as const },
    { name, create, onConflict: 'overwrite' as const },
  ])
  describe.each(setups)('over $name, with $onConflict', ({ create, onConflict }) => {
    let gates: Gate[]
    let opened: OpenStorage[]
    beforeAll(async () => {
      let names = Array.from({ length: PROCESSES }, (_, index) => `process ${index}`)
      gates = await Promise.all(names.map((name) => startGate(redis, name)))
      let options = { onConflict, timeout: 20_000 }
      opened = await Promise.all(
        gates.map(({ port, url }) => create({ ...redis, port, url }, options)),
      )
    })
    afterAll(async () => {
      await Promise.all(opened.map(({ close }) => close()))
      await Promise.all(gates.map((gate) => gate.stop()))
    })

    async function run(program: Program, s: fc.Scheduler): Promise<Run> {
      await redis.side.flushAll()
      let run = new Run(
        opened.map(({ storage }) => storage),
        redis.side,
      )
      await run.begin(program)
      for (let gate of gates) gate.hold(s)
      let all = [
        ...program.tabs.map((requests, index) => run.tab(requests, `tab ${index}`, s)),
        ...program.expiries.map((expiry) => run.expire(expiry, s)),
      ]
      try {
        await s.waitFor(Promise.all(all), async (release) => {
          await release()
          await Promise.all(gates.map((gate) => gate.settled()))
        })
      } finally {
        for (let gate of gates) gate.open()
        // Some are still waiting for the scheduler if one has failed.
        await s.waitFor(Promise.allSettled(all))
      }
      return run
    }

    test(
      'there is an order that explains what happened',
      async () => {
        await fc.assert(
          fc.asyncProperty(programs, fc.scheduler(), async (program, s) => {
            let { calls } = await run(program, s)
            let stored = await storedIn(redis.side, onConflict)
            if (!hasOrder(onConflict, calls, stored)) assert.fail(messageOf(calls, stored))
            count(calls)
          }),
          {
            ...FROM,
            numRuns: PER_SETUP,
            includeErrorInReport: true,
            interruptAfterTimeLimit: 60_000 + 200 * PER_SETUP,
          },
        )
      },
      70_000 + 200 * PER_SETUP,
    )
  })
})

test('enough programs have run, and their requests have got into each other’s way', () => {
  expect(seen.programs).toBeGreaterThanOrEqual(PROGRAMS)
  expect(seen.overlappingCalls).toBeGreaterThan(PROGRAMS)
  expect(seen.sessionsThatWereGone).toBeGreaterThan(PROGRAMS / 10)
})

function count(calls: Call[]): void {
  seen.programs++
  seen.overlappingCalls += calls.filter((call) => overlapsAny(call, calls)).length
  seen.sessionsThatWereGone += calls.filter(
    (call) => call.verb === 'save' && call.result === null,
  ).length
}

function overlapsAny({ index, start, end }: Call, calls: Call[]): boolean {
  return calls.some((other) => other.index !== index && other.start < end && start < other.end)
}

function messageOf(calls: Call[], stored: Stored): string {
  let nameOf = (id: string) => id.slice(0, 4)
  let sessions = Object.entries(stored).map(
    ([id, data]) => `${nameOf(id)}: ${JSON.stringify(data)}`,
  )
  return [
    'No order explains these calls, called and answered at these moments:',
    ...calls.map((call) => lineOf(call, nameOf)),
    'and that Redis holds in the end:',
    ...sessions,
  ].join('\n')
}
