/** What users see while the nodes of a Redis Cluster fail, and its slots move. */
import { setTimeout as sleep } from 'node:timers/promises'

import { createRedisSessionStorage, type RedisSessionStorage } from 'remix-session-storage-redis'
import { expect, onTestFinished, test } from 'vitest'

import { startBreakableCluster } from '../support/breakable.ts'
import { startCluster, type TestCluster, type TestNode } from '../support/cluster.ts'
import {
  CLUSTER_REFUSALS,
  startCountingVisitor,
  type CountingVisitor,
} from '../support/counting-visitor.ts'
import { failure, stored, valueOf } from '../support/failure.ts'
import { startProxy } from '../support/proxy.ts'
import { FAULTS_TIMEOUT, surviveFaults } from '../support/random-faults.ts'

const TIMEOUT = 1000

/** Milliseconds that a fault lasts at most. */
const LONGEST = 1500

async function startTestCluster(options?: Parameters<typeof startCluster>[0]) {
  let cluster = await startCluster(options)
  onTestFinished(() => cluster.stop())
  return cluster
}

function open(url: string | string[]) {
  let storage = createRedisSessionStorage({ url, cluster: true, timeout: TIMEOUT })
  onTestFinished(() => storage.close())
  return storage
}

/** Stores a session that is on this node. */
async function storedOn(node: TestNode, storage: RedisSessionStorage, cluster: TestCluster) {
  for (;;) {
    let id = await stored(storage, 0)
    if ((await cluster.ownerOf(await cluster.slotOf(`session:${id}`))) === node) return id
  }
}

function startVisitor(storage: RedisSessionStorage, id: string, name?: number): CountingVisitor {
  let refusals = CLUSTER_REFUSALS
  return startCountingVisitor(storage, { id, name, timeout: TIMEOUT, refusals })
}

async function becomesPrimary(node: TestNode) {
  while ((await node.command('ROLE'))[0] !== 'master') await sleep(5)
  return performance.now()
}

/** Has a primary fail while users count in sessions that it has, until they go on counting elsewhere. */
async function loseOne(fail: (primary: TestNode) => unknown) {
  let cluster = await startTestCluster()
  let storage = open(cluster.urls)
  let primary = cluster.nodes[0]!
  let replica = await cluster.replicaOf(primary)
  let ids = await Promise.all(Array.from({ length: 10 }, () => storedOn(primary, storage, cluster)))
  let visitors = ids.map((id) => startVisitor(storage, id))
  await sleep(200)

  await fail(primary)
  let elected = await becomesPrimary(replica)
  await sleep(2500)
  await Promise.all(visitors.map((visitor) => visitor.stop()))
  let recoveries = visitors.map(
    ({ successes }) => successes.find((time) => time >= elected)! - elected,
  )
  console.log(`Back after ${Math.round(Math.max(...recoveries))} ms`)
  expect(Math.max(...recoveries)).toBeLessThan(1000)
  return { primary, storage, visitors }
}

test('sessions of a primary that dies are there again within a second of its successor', async () => {
  await loseOne((primary) => primary.kill())
}, 60_000)

test('so are those of one that hangs, and what it says later is of no account', async () => {
  let { primary, storage, visitors } = await loseOne((node) => node.pause())
  let counts = visitors.map(({ acknowledged }) => acknowledged)
  primary.resume()
  let values = await Promise.all(visitors.map(({ id }) => valueOf(storage, id)))
  expect(values).toEqual(counts.map((count) => ({ name: 0, count })))
}, 60_000)

test('a cluster that comes back at other addresses is found again', async () => {
  let before = await startCluster({ primaries: 1, replicas: 0 })
  let target = { port: before.nodes[0]!.port }
  let proxy = await startProxy(target)
  onTestFinished(() => proxy.stop())
  let storage = open(proxy.url)
  await stored(storage, 'before')
  await before.stop()
  await failure(stored(storage, 'meanwhile'))

  let after = await startTestCluster({ primaries: 1, replicas: 0 })
  target.port = after.nodes[0]!.port
  expect(await valueOf(storage, await stored(storage, 'after'))).toBe('after')
})

async function start() {
  let redis = await startBreakableCluster()
  onTestFinished(() => redis.stop())
  let storage = createRedisSessionStorage({ ...redis.options, timeout: TIMEOUT })
  onTestFinished(() => storage.close())
  return { redis, storage }
}

test(
  'whatever fails, requests end in time and nobody gets the session of another',
  () => surviveFaults(start, { timeout: TIMEOUT, longest: LONGEST }),
  FAULTS_TIMEOUT,
)
