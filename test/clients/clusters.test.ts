/** The clients of the app that know a Redis Cluster, over a real one. */
import { createSession } from '@remix-run/session'
import { Logger } from '@valkey/valkey-glide'
import { Cluster } from 'ioredis'
import { Cluster as ValkeyCluster } from 'iovalkey'
import { createRedisSessionStorage, type RedisSessionStorage } from 'remix-session-storage-redis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { startCluster, type TestCluster } from '../support/cluster.ts'
import { stored, valueOf } from '../support/failure.ts'
import { openGlideCluster, openNodeRedisCluster, type OpenClient } from '../support/open-client.ts'

Logger.setLoggerConfig('off')

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startCluster({ replicas: 0 })
})
afterAll(() => cluster.stop())

describe.each<[string, (urls: string[]) => Promise<OpenClient>]>([
  ['node-redis', (urls) => openNodeRedisCluster(urls)],
  ['ioredis', (urls) => openLikeIoredis(new Cluster(urls))],
  [
    'ioredis, auto-pipelining, keyPrefix',
    (urls) => openLikeIoredis(new Cluster(urls, { enableAutoPipelining: true, keyPrefix: 'app:' })),
  ],
  ['iovalkey', (urls) => openLikeIoredis(new ValkeyCluster(urls))],
  ['valkey-glide', (urls) => openGlideCluster(urls, { requestTimeout: 2000 })],
])('a cluster of %s', (_, openClient) => {
  let open: OpenClient
  beforeEach(async () => {
    open = await openClient(cluster.urls)
  })
  afterEach(() => open.close())

  describe.each(['overwrite', 'merge'] as const)('%s', (onConflict) => {
    let storage: RedisSessionStorage
    beforeEach(() => {
      storage = createRedisSessionStorage({ client: open.client, onConflict })
    })

    test('keeps, changes, moves and destroys sessions on all nodes', async () => {
      for (let round = 0; round < 20; round++) {
        let id = await stored(storage, 'old')
        let session = await storage.read(id)
        session.set('value', 'new')
        expect(await storage.save(session)).toBe(id)
        expect(await valueOf(storage, id)).toBe('new')

        let login = await storage.read(id)
        login.regenerateId(true)
        expect(await storage.save(login)).toBe(login.id)
        expect(await valueOf(storage, login.id)).toBe('new')
        expect(await valueOf(storage, id)).toBe(undefined)

        let logout = await storage.read(login.id)
        logout.destroy()
        expect(await storage.save(logout)).toBe('')
        expect(await valueOf(storage, login.id)).toBe(undefined)
      }
    })

    test('does what is done to one session in the order of the calls', async () => {
      let ids = await Promise.all(
        Array.from({ length: 300 }, async () => {
          let session = createSession()
          session.set('filler', 'x'.repeat(50_000))
          let saved = storage.save(session)
          session.destroy()
          await Promise.all([saved, storage.save(session)])
          return session.id
        }),
      )
      let values = await Promise.all(ids.map((id) => storage.read(id)))
      expect(values.filter((session, i) => session.id === ids[i])).toHaveLength(0)
    })

    test('follows a session whose slot has moved', async () => {
      let id = await stored(storage, 'here')
      // Written to where it is: the prefix of a client of the app does not matter for the slot of another key.
      let slot = await cluster.slotOf(`session:${id}`)
      let owner = await cluster.ownerOf(slot)
      await cluster.moveSlot(
        slot,
        cluster.nodes.find((node) => node !== owner)!,
      )

      expect(await valueOf(storage, id)).toBe('here')
      let session = await storage.read(id)
      session.set('value', 'changed')
      expect(await storage.save(session)).toBe(id)
      expect(await valueOf(storage, id)).toBe('changed')
    })
  })
})

async function openLikeIoredis(client: Cluster | ValkeyCluster): Promise<OpenClient> {
  client.on('error', () => {})
  await client.ping()
  return { client, close: () => client.disconnect() }
}
