/**
 * Everything that an app can do with storages, while things fail at random: nobody gets the session of another, nothing
 * is lost that Redis keeps, and memory, threads and descriptors stay what they were. `npm run test:soak` does so for
 * longer.
 */
import { setTimeout as sleep } from 'node:timers/promises'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import {
  FORGETS_NOTHING,
  startBreakableCluster,
  startBreakableSentinels,
  startBreakableServer,
  type Breakable,
} from '../support/breakable.ts'
import { PASSING } from '../support/counting-visitor.ts'
import { SLACK } from '../support/failure.ts'
import { randomFaults } from '../support/random-faults.ts'
import { startSoak, type Soak } from '../support/soak/soak.ts'
import type { Sample } from '../support/soak/process.ts'

/** How long things fail on each topology. */
const SECONDS = Number(process.env['FAULT_SECONDS'] ?? 3)
const IS_LONG = SECONDS >= 20

/** How often one looks after the first fifth, in which everything gets warm. */
const SAMPLES = IS_LONG ? 8 : 1

/** Milliseconds. Many faults last longer. */
const TIMEOUT = IS_LONG ? 1000 : 300
const LONGEST_FAULT = 3 * TIMEOUT

/** By how much what is used may have grown after so many requests. */
const MOST_MORE = {
  // Connections come and go with the roles of the servers. A storage has a thread, and several descriptors.
  threads: () => 4,
  descriptors: () => 10,
  // Bytes, by chance and for each request.
  heap: (requests: number) => 1.5 * 2 ** 20 + 300 * requests,
  // What `malloc` keeps for later is chance, so that only longer runs notice a leak of 1 KB.
  resident: (requests: number) => 80 * 2 ** 20 + 300 * requests,
}

const AMOUNTS = ['threads', 'descriptors', 'heap', 'resident'] as const

describe.each([
  { where: 'one server', start: () => startBreakableServer(FORGETS_NOTHING), keeps: true },
  { where: 'a cluster', start: startBreakableCluster, keeps: false },
  { where: 'a primary behind sentinels', start: startBreakableSentinels, keeps: false },
])('on $where', ({ start, keeps }) => {
  let redis: Breakable
  let soak: Soak
  beforeAll(async () => {
    redis = await start()
    soak = startSoak({
      storage: { ...redis.options, timeout: TIMEOUT },
      keeps,
      longest: TIMEOUT + SLACK,
      passing: [...PASSING, ...redis.refusals],
    })
  })
  afterAll(async () => {
    await soak.stop()
    await redis.stop()
  })

  test(
    'users find what is theirs, and nothing stays behind, whatever fails',
    async () => {
      let faults = randomFaults(redis, LONGEST_FAULT)
      async function sampleAfter(seconds: number): Promise<Sample> {
        await faults.during(seconds)
        // Connections are there again by then, and attempts to make them have been given up.
        await sleep(2 * TIMEOUT)
        return soak.sample()
      }

      let warm = await sampleAfter(SECONDS / 5)
      let samples = [warm]
      while (samples.length <= SAMPLES) {
        samples.push(await sampleAfter((0.8 * SECONDS) / SAMPLES))
      }
      report(samples)

      let last = samples.at(-1)!
      expect(last.problems).toEqual([])
      let requests = last.requests - warm.requests
      // Otherwise a leak of 1 KB a request, or of a descriptor or thread a storage, would not be noticed.
      expect(1000 * requests).toBeGreaterThan(MOST_MORE.heap(requests))
      expect(last.storages - warm.storages).toBeGreaterThan(2 * MOST_MORE.descriptors())
      let grown = AMOUNTS.filter((kind) => last[kind] - warm[kind] > MOST_MORE[kind](requests))
      expect(grown.map((kind) => [kind, warm[kind], last[kind]])).toEqual([])
    },
    120_000 + 2000 * SECONDS,
  )
})

/** Prints what was used when, and by how much it grows with each request and storage. */
function report(samples: Sample[]) {
  for (let { requests, storages, threads, descriptors, heap, resident, failures } of samples) {
    let [heapSize, residentSize] = [heap, resident].map(
      (size) => `${(size / 2 ** 20).toFixed(1)} MB`,
    )
    console.log(
      `After ${requests} requests and ${storages} storages: ${threads} threads, ${descriptors} descriptors, ` +
        `heap ${heapSize}, resident ${residentSize}; failed: ${JSON.stringify(failures)}`,
    )
  }
  let perRequest = (kind: Amount) => slope(samples, 'requests', kind).toFixed(0)
  let perStorage = (kind: Amount) => slope(samples, 'storages', kind).toFixed(4)
  console.log(
    `Slopes: heap ${perRequest('heap')} and resident ${perRequest('resident')} bytes a request, ` +
      `threads ${perStorage('threads')} and descriptors ${perStorage('descriptors')} a storage`,
  )
}

type Amount = 'requests' | 'storages' | (typeof AMOUNTS)[number]

/** By least squares. */
function slope(samples: Sample[], of: Amount, what: Amount): number {
  let mean = (kind: Amount) => samples.reduce((sum, one) => sum + one[kind], 0) / samples.length
  let [x, y] = [mean(of), mean(what)]
  let covariance = samples.reduce((sum, one) => sum + (one[of] - x) * (one[what] - y), 0)
  return covariance / samples.reduce((sum, one) => sum + (one[of] - x) ** 2, 0)
}
