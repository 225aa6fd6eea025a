/** Ways in which another server becomes the primary, from the start of the servers until all of them work again. */
import { setTimeout as sleep } from 'node:timers/promises'

import { createRedisSessionStorage, type UrlOptions } from 'remix-session-storage-redis'

import { startCluster, type TestCluster } from '../support/cluster.ts'
import { startSentinels, type SentinelsOptions, type TestSentinels } from '../support/sentinels.ts'
import { startVisitors, type Tally } from './visitors.ts'

/** Milliseconds that visitors come before something happens, and after it. */
const BEFORE = 1000
const AFTER = 2000

/**
 * Milliseconds until sentinels tell an old primary that it is none any more, with some to spare: until then, it may take
 * writes.
 */
const DEMOTED_AFTER = 13_000

/** Milliseconds that a primary is cut off. */
const CUT_OFF = 10_000

/** Has a primary refuse writes when no replica has been heard of for two seconds. */
const MIN_REPLICAS = ['min-replicas-to-write 1', 'min-replicas-max-lag 2']

export interface Scenario {
  name: string
  /** Plays it once. */
  play(): Promise<Tally>
}

export const scenarios: Scenario[] = [
  {
    name: 'cluster: `CLUSTER FAILOVER`',
    play: () =>
      onCluster(async (cluster) => {
        await cluster.failover(await cluster.replicaOf(cluster.nodes[0]!), 'manual')
      }),
  },
  {
    name: 'cluster: `kill -9` of a primary',
    play: () =>
      onCluster(async ({ nodes, replicaOf, agreed }) => {
        let primary = nodes[0]!
        let replica = await replicaOf(primary)
        await primary.kill()
        while ((await replica.command('ROLE'))[0] !== 'master') await sleep(20)
        // It follows its successor from now on.
        await primary.start()
        await agreed()
      }),
  },
  {
    name: 'sentinels: `SENTINEL FAILOVER`',
    play: () =>
      behindSentinels({}, async (redis) => {
        await redis.failover()
        await sleep(DEMOTED_AFTER)
      }),
  },
  {
    name: 'sentinels: `kill -9` of the primary',
    play: () =>
      behindSentinels({}, async (redis) => {
        let old = await redis.primary()
        await old.kill()
        await redis.successor(old)
      }),
  },
  {
    name: 'sentinels: the primary cut off with the app for 10 s',
    play: () => behindSentinels({ proxied: true }, cutOff),
  },
  {
    name: 'the same with `min-replicas-to-write 1`',
    play: () => behindSentinels({ proxied: true, config: MIN_REPLICAS }, cutOff),
  },
]

/** The app is on the primary's side, and hears nothing of the sentinels. */
async function cutOff(redis: TestSentinels) {
  let old = await redis.primary()
  let others = [...redis.servers, ...redis.sentinels].filter((node) => node !== old)
  old.proxy!.isolate()
  for (let { proxy } of others) proxy!.hold(true)
  await sleep(CUT_OFF)
  await redis.successor(old)
  old.proxy!.rejoin()
  for (let { proxy } of others) await proxy!.release()
  await sleep(DEMOTED_AFTER)
}

async function onCluster(happens: (cluster: TestCluster) => Promise<unknown>): Promise<Tally> {
  let cluster = await startCluster()
  try {
    return await tallyOf({ url: cluster.urls, cluster: true }, () => happens(cluster))
  } finally {
    await cluster.stop()
  }
}

async function behindSentinels(
  options: SentinelsOptions,
  happens: (redis: TestSentinels) => Promise<unknown>,
): Promise<Tally> {
  let redis = await startSentinels(options)
  try {
    let place = { url: redis.urls, sentinel: { name: redis.name } }
    return await tallyOf(place, async () => {
      await happens(redis)
      await redis.agreed()
    })
  } finally {
    await redis.stop()
  }
}

async function tallyOf(place: UrlOptions, happens: () => Promise<unknown>): Promise<Tally> {
  await using storage = createRedisSessionStorage(place)
  let visitors = await startVisitors(storage)
  await sleep(BEFORE)
  await happens()
  await sleep(AFTER)
  // Before the storage is closed.
  return await visitors.stop()
}
