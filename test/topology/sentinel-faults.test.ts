/** What users see while servers behind sentinels fail, and the sentinels, too. */
import { setTimeout as sleep } from 'node:timers/promises'

import fc from 'fast-check'
import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { expect, onTestFinished, test } from 'vitest'

import { startCountingVisitor } from '../support/counting-visitor.ts'
import { stored } from '../support/failure.ts'
import { breakNode, NODE_FAULTS, type NodeFault } from '../support/node-faults.ts'
import { startSentinels, type TestSentinels } from '../support/sentinels.ts'
import { collectThrown } from '../support/thrown.ts'

const SECONDS = Number(process.env['FAULT_SECONDS'] ?? 10)
const TIMEOUT = 1000

interface Fault {
  kind: NodeFault | 'failover'
  node: number
  milliseconds: number
}

const fault: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constantFrom(...NODE_FAULTS, 'failover'),
  node: fc.nat(),
  // Some last until another server is the primary.
  milliseconds: fc.integer({ min: 20, max: 3000 }),
})

/** Breaks something for a while, and mends it. */
async function suffer({ kind, node: number, milliseconds }: Fault, redis: TestSentinels) {
  if (kind === 'failover') return redis.failover()
  let primary = await redis.primary()
  // Who is of no account at the moment fails less often.
  let nodes = [primary, primary, primary, ...redis.servers, ...redis.sentinels]
  return breakNode(nodes[number % nodes.length]!, kind, milliseconds)
}

test(
  'whatever fails, requests end in time and nobody gets the session of another',
  async () => {
    let seed = Number(process.env['FAULT_SEED'] ?? Date.now() % 2 ** 31)
    console.log(`FAULT_SEED=${seed}`)
    let thrown = collectThrown()
    let redis = await startSentinels({ proxied: true })
    onTestFinished(() => redis.stop())
    let storage = createRedisSessionStorage({
      url: redis.urls,
      sentinel: { name: redis.name },
      timeout: TIMEOUT,
      connections: 2,
    })
    onTestFinished(() => storage.close())
    let ids = await Promise.all(Array.from({ length: 64 }, () => stored(storage, 0)))
    let visitors = ids.map((id, name) =>
      startCountingVisitor(storage, { id, name, timeout: TIMEOUT, refusals: ['LOADING'] }),
    )
    let schedule = fc.sample(fault, { seed, numRuns: 1000 })
    let end = performance.now() + SECONDS * 1000
    while (performance.now() < end) {
      // Some cannot be had at the moment, such as a failover while the sentinels disagree.
      await suffer(schedule.shift()!, redis).catch(() => {})
      await Promise.race([sleep(100), ...visitors.map(({ done }) => done)])
    }
    await redis.agreed()
    let mended = performance.now()
    await sleep(2 * TIMEOUT)
    await Promise.all(visitors.map((visitor) => visitor.stop()))

    for (let { successes } of visitors) expect(successes.at(-1)).toBeGreaterThan(mended)
    expect(thrown).toEqual([])
  },
  120_000 + SECONDS * 1000,
)
