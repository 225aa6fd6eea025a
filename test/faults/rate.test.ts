/**
 * At a thousand requests a second, each call ends in time whatever fails, and the event loop is never held up.
 * `FAULT_SECONDS` has things fail for longer.
 */
import { setTimeout as sleep } from 'node:timers/promises'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import {
  startBreakableCluster,
  startBreakableSentinels,
  startBreakableServer,
  type Breakable,
  type FaultKind,
} from '../support/breakable.ts'
import { PASSING } from '../support/counting-visitor.ts'
import { startLoad, type Load, type Phase } from '../support/load/load.ts'
import type { Turn } from '../support/load/turns.ts'
import { FAULTS_TIMEOUT } from '../support/random-faults.ts'

/** Requests a second, each of which is a read and a save. */
const RATE = 1000

/** Seconds that things fail on each topology, at least; everything fails once in any case. */
const SECONDS = Number(process.env['FAULT_SECONDS'] ?? 0)

/** Milliseconds: where there is time, the default, with which more calls are pending. */
const TIMEOUT = SECONDS < 20 ? 300 : 2000

/** Milliseconds that a fault lasts: deadlines pass, of calls from before it and of later ones. */
const FAULT_LASTS = 1.5 * TIMEOUT

/** Milliseconds of work before the next fault. */
const PAUSE = 0.5 * TIMEOUT

/** How many milliseconds after its deadline a call may end. */
const MOST_LATE = 100

/** How many milliseconds the event loop may work in one of its turns. */
const LONGEST_TURN = 20

/** In these, calls have to wait, until there is another primary if not for longer. */
const OUTAGES = new Set<FaultKind>(['kill', 'pause', 'refuse', 'hold', 'black hole'])

/** What was measured while something failed, in milliseconds. */
interface Figures {
  median: number
  p99: number
  p100: number
  /** How long after its deadline a call ended. Without what other processes took, as the next one. */
  latest: number
  longestTurn: number
}

function figuresOf({ calls, turns }: Phase): Figures {
  let durations = calls.map(({ start, end }) => end - start).toSorted((one, other) => one - other)
  let at = (share: number) => durations[Math.ceil(share * durations.length) - 1]!
  let late = calls.map(({ start, end }) => {
    let deadline = start + TIMEOUT
    let meanwhile = turns.filter((turn) => turn.end > deadline && turn.end - turn.wall < end)
    return end - deadline - meanwhile.reduce((sum, turn) => sum + stolenFrom(turn), 0)
  })
  return {
    median: at(0.5),
    p99: at(0.99),
    p100: at(1),
    latest: Math.max(...late),
    longestTurn: Math.max(...turns.map(({ work }) => work)),
  }
}

/** How long others have had the processor in a turn that should have taken a millisecond. */
function stolenFrom({ wall, work }: Turn): number {
  return wall > 5 ? wall - work : 0
}

function print(kind: FaultKind, figures: Figures) {
  let [median, p99, p100, turn] = [
    figures.median,
    figures.p99,
    figures.p100,
    figures.longestTurn,
  ].map((figure) => figure.toFixed(1))
  console.log(`${kind}: calls p50 ${median}, p99 ${p99}, p100 ${p100} ms, longest turn ${turn} ms`)
}

describe.each([
  { where: 'one server', start: () => startBreakableServer() },
  { where: 'a cluster', start: startBreakableCluster },
  { where: 'a primary behind sentinels', start: startBreakableSentinels },
])('at a thousand requests a second to $where', ({ start }) => {
  let redis: Breakable
  let load: Load
  let succeeded = 0
  beforeAll(async () => {
    redis = await start()
    load = await startLoad({ storage: { ...redis.options, timeout: TIMEOUT }, rate: RATE })
  })
  afterAll(async () => {
    await load.stop()
    await redis.stop()
  })

  async function breakBy(kind: FaultKind) {
    let begin = performance.now()
    let phase = await load.during(async () => {
      await redis.suffer({ kind, node: 0, milliseconds: FAULT_LASTS })
      await redis.recover()
      await sleep(PAUSE)
    })
    let sent = phase.started / (performance.now() - begin)
    let figures = figuresOf(phase)
    print(kind, figures)

    expect(sent).toBeGreaterThan((0.9 * RATE) / 1000)
    let failures = Object.keys(phase.failures)
    succeeded += phase.succeeded
    for (let reason of failures) expect([...PASSING, ...redis.refusals]).toContain(reason)
    expect(figures.p100).toBeGreaterThan(OUTAGES.has(kind) ? TIMEOUT / 4 : 0)
    expect(figures.latest).toBeLessThan(MOST_LATE)
    expect(figures.longestTurn).toBeLessThan(LONGEST_TURN)
  }

  test(
    'calls end in time, and the event loop goes on, whatever fails',
    async () => {
      let end = performance.now() + 1000 * SECONDS
      do {
        for (let kind of new Set(redis.kinds)) await breakBy(kind)
      } while (performance.now() < end)
      expect(succeeded).toBeGreaterThan(0)
    },
    FAULTS_TIMEOUT,
  )
})
