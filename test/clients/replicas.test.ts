/** Clients that the app has set up to read from replicas, which may not have yet what was written. */
import { Logger } from '@valkey/valkey-glide'
import { Cluster } from 'ioredis'
import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { until } from '../../scripts/restartable-redis.js'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { stored, valueOf } from '../support/failure.ts'
import { openGlideCluster, openNodeRedisCluster, type OpenClient } from '../support/open-client.ts'

Logger.setLoggerConfig('off')

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startCluster({ primaries: 3, replicas: 1 })
  // A replica that has not got anything is not listed, so that no client would read from it.
  let filling = new Cluster(cluster.urls)
  for (let key = 0; key < 100; key++) await filling.set(`key-${key}`, '')
  filling.disconnect()
  await until('replicas are listed', async () => {
    let slots = await cluster.nodes[0]!.command('CLUSTER', 'SLOTS')
    return slots.every((slot: unknown[]) => slot.length === 4)
  })
})
afterAll(() => cluster.stop())

/** Has replicas stay as they are. */
async function breakReplication() {
  let primaries = cluster.nodes.slice(0, 3)
  for (let replica of cluster.nodes.slice(3)) {
    await replica.command('CONFIG', 'SET', 'masteruser', 'nobody', 'masterauth', 'wrong')
  }
  for (let primary of primaries) await primary.command('CLIENT', 'KILL', 'TYPE', 'REPLICA')
}

async function mendReplication() {
  for (let replica of cluster.nodes.slice(3)) {
    await replica.command('CONFIG', 'SET', 'masteruser', '', 'masterauth', '')
  }
  await cluster.agreed()
}

describe.each<[string, (urls: string[]) => Promise<OpenClient>]>([
  ['node-redis, useReplicas', (urls) => openNodeRedisCluster(urls, { useReplicas: true })],
  [
    'ioredis, scaleReads',
    async (urls) => {
      let client = new Cluster(urls, { scaleReads: 'slave' })
      client.on('error', () => {})
      await until('replicas are known', async () => client.nodes('slave').length === 3)
      return { client, close: () => client.disconnect() }
    },
  ],
  ['valkey-glide, readFrom', (urls) => openGlideCluster(urls, { readFrom: 'preferReplica' })],
])('over %s', (_, open) => {
  test('a session that was saved is read, where reads refresh nothing', async () => {
    let { client, close } = await open(cluster.urls)
    let storage = createRedisSessionStorage({ client, rolling: false })
    await breakReplication()
    let id = await stored(storage, 'here')
    let value = await valueOf(storage, id)
    close()
    await mendReplication()

    expect(value).toBe('here')
  })

  test('a login that was under way does not undo a logout', async () => {
    let { client, close } = await open(cluster.urls)
    let storage = createRedisSessionStorage({ client, onConflict: 'overwrite' })
    let other = createRedisSessionStorage({ client, onConflict: 'overwrite' })
    let id = await stored(storage, 'here')
    await breakReplication()
    let login = await storage.read(id)
    login.regenerateId(true)
    let logout = await other.read(id)
    logout.destroy()
    await Promise.all([storage.save(login), other.save(logout)])
    let value = await valueOf(storage, login.id)
    close()
    await mendReplication()

    expect(value).toBeUndefined()
  })

  test('requests that overlap are merged in time', async () => {
    let { client, close } = await open(cluster.urls)
    let storage = createRedisSessionStorage({ client })
    let other = createRedisSessionStorage({ client })
    let id = await stored(storage, 'here')
    await breakReplication()
    let [first, second] = [await storage.read(id), await other.read(id)]
    first.set('first', 1)
    second.set('second', 2)
    await storage.save(first)
    let saved = await other.save(second).catch((error: unknown) => error)
    close()
    await mendReplication()

    expect(saved).toBe(id)
  })
})
