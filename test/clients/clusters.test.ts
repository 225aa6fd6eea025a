/** The clients of the app that know a Redis Cluster, over a real one. */
import { createSession } from '@remix-run/session'
import { Cluster } from 'ioredis'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRedisSessionStorage, type RedisSessionStorage } from 'remix-session-storage-redis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { clusterClients, type ClusterClient } from '../support/clients.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { failure, stored, valueOf } from '../support/failure.ts'
import { openLikeIoredis, type OpenClient } from '../support/open-client.ts'

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startCluster({ replicas: 0 })
})
afterAll(() => cluster.stop())

const PREFIXED: ClusterClient = {
  name: 'ioredis, cluster, auto-pipelining, keyPrefix',
  openAt: (urls) =>
    openLikeIoredis(new Cluster(urls, { enableAutoPipelining: true, keyPrefix: 'app:' })),
}

describe.each([...clusterClients, PREFIXED])('$name', ({ openAt }) => {
  let open: OpenClient
  beforeEach(async () => {
    open = await openAt(cluster.urls)
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

  test('goes on without an error, and in order, while the slot of its sessions moves to and fro', async () => {
    let storage = createRedisSessionStorage({ client: open.client, useUnknownIds: true })
    let isOver = false
    let [counts, logouts] = [0, 0]

    async function count(id: string) {
      for (let expected: number | undefined; !isOver; expected = (expected ?? 0) + 1) {
        let session = await storage.read(id)
        expect(session.get('count')).toBe(expected)
        session.set('count', (expected ?? 0) + 1)
        expect(await storage.save(session)).toBe(id)
        counts++
      }
    }

    async function logInAndOut(id: string) {
      while (!isOver) {
        let session = createSession(id)
        session.set('value', 'here')
        let saved = storage.save(session)
        session.destroy()
        await Promise.all([saved, storage.save(session)])
        expect(await valueOf(storage, id)).toBe(undefined)
        logouts++
      }
    }

    let tag = `{${crypto.randomUUID()}}`
    let slot = await cluster.slotOf(tag)
    let users = Array.from({ length: 5 }, (_, i) => [
      count(`${tag}a${i}`),
      logInAndOut(`${tag}b${i}`),
    ])
    let all = Promise.all(users.flat())
    async function move() {
      for (let moves = 0; moves < 8; moves++) {
        let from = await cluster.ownerOf(slot)
        let to = cluster.nodes.filter((node) => node !== from)[moves % 2]!
        let move = await cluster.startMove(slot, to)
        // For some time, some keys are here and some are there.
        await move.moveKeys(await from.command('CLUSTER', 'GETKEYSINSLOT', slot, 3))
        await sleep(20)
        await move.moveKeys()
        await sleep(20)
        await move.finish()
      }
      isOver = true
    }
    await Promise.race([Promise.all([move(), all]), all])
    isOver = true
    expect([counts, logouts].every((number) => number > 20)).toBe(true)
  })
})

describe('while no node can be reached', () => {
  let proxied: TestCluster
  beforeAll(async () => {
    proxied = await startCluster({ replicas: 0, proxied: true })
  })
  afterAll(() => proxied.stop())

  // A cluster of node-redis 5 sometimes takes longer than ten seconds to answer again, whatever it has dropped.
  let dropping = clusterClients.filter(
    ({ name, keepsQueue }) => !keepsQueue && name !== 'node-redis 5, cluster',
  )
  test.each(dropping)('over $name, what nobody waits for is not sent later', async ({ openAt }) => {
    let { client, close } = await openAt(proxied.urls)
    let storage = createRedisSessionStorage({ client, timeout: 300 })
    let patient = createRedisSessionStorage({ client, timeout: 10_000 })
    await Promise.all(Array.from({ length: 10 }, (_, i) => stored(patient, i)))
    await Promise.all(proxied.nodes.map(({ proxy }) => proxy!.refuse()))
    await storage.ping().catch(() => {})
    let unsaved = await Promise.all(
      Array.from({ length: 10 }, async () => {
        let session = createSession()
        session.set('value', 'never')
        await failure(storage.save(session))
        return session.id
      }),
    )
    await Promise.all(proxied.nodes.map(({ proxy }) => proxy!.accept()))

    let written = await Promise.all(unsaved.map((id) => valueOf(patient, id)))
    await sleep(300)
    written.push(...(await Promise.all(unsaved.map((id) => valueOf(patient, id)))))
    expect(written.filter((value) => value !== undefined)).toEqual([])
    close()
  })
})
