/** What users see of sessions on a Redis Cluster. */
import { setTimeout as sleep } from 'node:timers/promises'

import { createRedisSessionStorage, type UrlOptions } from 'remix-session-storage-redis'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { startCluster, type TestCluster } from '../support/cluster.ts'
import { stored, valueOf } from '../support/failure.ts'

let cluster: TestCluster
let opened: ReturnType<typeof createRedisSessionStorage>[] = []

beforeAll(async () => {
  cluster = await startCluster()
})
afterAll(() => cluster.stop())
afterEach(() => Promise.all(opened.splice(0).map((storage) => storage.close())))

function open(options?: Partial<UrlOptions>) {
  let storage = createRedisSessionStorage({ url: cluster.urls, cluster: true, ...options })
  opened.push(storage)
  return storage
}

test('one node is enough to find all sessions, which are on all primaries', async () => {
  let storage = open({ url: cluster.urls[3]! })
  let ids = await Promise.all(Array.from({ length: 60 }, (_, index) => stored(storage, index)))

  let values = await Promise.all(ids.map((id) => valueOf(storage, id)))
  expect(values).toEqual(ids.map((_, index) => index))
  for (let primary of cluster.nodes.slice(0, 3)) {
    expect(await primary.command('DBSIZE')).toBeGreaterThan(5)
  }
})

test('a session gets another id, on another node, and is destroyed there', async () => {
  let storage = open()
  for (let round = 0; round < 10; round++) {
    let id = await stored(storage, 'here')
    let session = await storage.read(id)
    session.regenerateId(true)
    let next = (await storage.save(session))!

    expect(next).not.toBe(id)
    expect(await valueOf(storage, id)).toBeUndefined()
    session = await storage.read(next)
    expect(session.get('value')).toBe('here')
    session.destroy()
    expect(await storage.save(session)).toBe('')
    expect(await valueOf(storage, next)).toBeUndefined()
  }
})

test('the first of several nodes may be gone when an app starts', async () => {
  let storage = open({ url: ['redis://127.0.0.1:1', cluster.urls[1]!] })

  expect(await valueOf(storage, await stored(storage, 'here'))).toBe('here')
})

/** A visitor whose every request changes the session, until told to stop. */
async function startVisitor(storage: ReturnType<typeof open>) {
  let id = await stored(storage, 0)
  let isOver = false
  async function visit() {
    let count = 0
    while (!isOver) {
      let session = await storage.read(id)
      expect(session.get('value')).toBe(count)
      session.set('value', ++count)
      expect(await storage.save(session)).toBe(id)
    }
    return count
  }
  let done = visit()
  // Whoever stops the visitor is told.
  done.catch(() => {})
  return {
    slot: await cluster.slotOf(`session:${id}`),
    async stop() {
      isOver = true
      let count = await done
      expect(await valueOf(storage, id)).toBe(count)
      return count
    },
  }
}

function startVisitors(storage: ReturnType<typeof open>, count: number) {
  return Promise.all(Array.from({ length: count }, () => startVisitor(storage)))
}

test('slots move under load, and nobody notices', async () => {
  let visitors = await startVisitors(open(), 16)
  for (let round = 0; round < 5; round++) {
    for (let { slot } of visitors) {
      let from = await cluster.ownerOf(slot)
      let others = cluster.nodes.slice(0, 3).filter((node) => node !== from)
      await cluster.moveSlot(slot, others[round % 2]!)
    }
  }

  for (let visitor of visitors) expect(await visitor.stop()).toBeGreaterThan(20)
})

test('a slot stays between two nodes for a while, and nobody notices', async () => {
  let storage = open()
  let visitors = await startVisitors(storage, 4)
  let { slot } = visitors[0]!
  let from = await cluster.ownerOf(slot)
  let move = await cluster.startMove(
    slot,
    cluster.nodes.slice(0, 3).find((node) => node !== from)!,
  )
  await sleep(200)
  await move.moveKeys()
  await sleep(200)
  await move.finish()

  for (let visitor of visitors) expect(await visitor.stop()).toBeGreaterThan(20)
})

test('a replica takes over while its primary works, and nobody notices', async () => {
  let visitors = await startVisitors(open(), 16)
  await cluster.failover(cluster.nodes[3]!, 'manual')

  for (let visitor of visitors) expect(await visitor.stop()).toBeGreaterThan(20)
})
