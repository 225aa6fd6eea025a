/** What callers are told while no server of a cluster, or none that sentinels name, can be reached. */
import { createRedisSessionStorage, type UrlOptions } from 'remix-session-storage-redis'
import { expect, onTestFinished, test } from 'vitest'

import { freePort } from '../../scripts/redis-server.js'
import { until } from '../../scripts/restartable-redis.js'
import { startCluster } from '../support/cluster.ts'
import { failure } from '../support/failure.ts'

function open(options: UrlOptions) {
  let storage = createRedisSessionStorage({ ...options, timeout: 300 })
  onTestFinished(() => storage.close())
  return storage
}

async function openOnCluster() {
  let cluster = await startCluster({ proxied: true, replicas: 0 })
  onTestFinished(() => cluster.stop())
  let storage = open({ url: cluster.urls, cluster: true })
  await storage.read('some-id')
  return { storage, cluster, proxies: cluster.nodes.map(({ proxy }) => proxy!) }
}

/** The codes with which calls of one session fail, of which one is under way at a time. */
async function codesOfSiblings(storage: ReturnType<typeof open>): Promise<string[]> {
  let failures = await Promise.all([1, 2, 3].map(() => failure(storage.read('some-id'))))
  return failures.map(({ error }) => error.code)
}

test.each([
  ['a cluster', { cluster: true }],
  ['sentinels', { sentinel: { name: 'sessions' } }],
])('where there is no connection to %s, no call is told of a slow answer', async (_, options) => {
  let storage = open({ url: `redis://127.0.0.1:${await freePort()}`, ...options })
  expect(await codesOfSiblings(storage)).toEqual(['CONNECT', 'CONNECT', 'CONNECT'])
})

test('where the nodes of a cluster are gone, no call is told of a slow answer', async () => {
  let { storage, proxies } = await openOnCluster()
  await Promise.all(proxies.map((proxy) => proxy.refuse()))
  expect(await codesOfSiblings(storage)).toEqual(['CONNECT', 'CONNECT', 'CONNECT'])
})

test('calls behind one that is not answered are told so', async () => {
  let { storage, proxies } = await openOnCluster()
  for (let proxy of proxies) proxy.hold(true)
  expect(await codesOfSiblings(storage)).toEqual(['TIMEOUT', 'TIMEOUT', 'TIMEOUT'])
})

test('calls behind one that a cluster refuses are told of that, too', async () => {
  let { storage, cluster } = await openOnCluster()
  let owner = await cluster.ownerOf(await cluster.slotOf('session:some-id'))
  await cluster.nodes.find((node) => node !== owner)!.kill()
  await until('the cluster is down', async () =>
    (await owner.command('CLUSTER', 'INFO')).includes('cluster_state:fail'),
  )
  expect(await codesOfSiblings(storage)).toEqual(['REDIS', 'REDIS', 'REDIS'])
})
