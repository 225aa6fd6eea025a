/** What users see while servers behind sentinels fail, and the sentinels, too. */
import fc from 'fast-check'
import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { onTestFinished, test } from 'vitest'

import { breakNode, NODE_FAULTS, type NodeFault } from '../support/node-faults.ts'
import { FAULTS_TIMEOUT, surviveFaults } from '../support/random-faults.ts'
import { startSentinels, type TestSentinels } from '../support/sentinels.ts'

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

async function start() {
  let redis = await startSentinels({ proxied: true })
  onTestFinished(() => redis.stop())
  let storage = createRedisSessionStorage({
    url: redis.urls,
    sentinel: { name: redis.name },
    timeout: TIMEOUT,
    connections: 2,
  })
  onTestFinished(() => storage.close())
  return { storage, suffer: (fault: Fault) => suffer(fault, redis), recover: () => redis.agreed() }
}

test(
  'whatever fails, requests end in time and nobody gets the session of another',
  () => surviveFaults(start, fault, { timeout: TIMEOUT, refusals: ['LOADING'] }),
  FAULTS_TIMEOUT,
)
