/** What becomes of writes that reach a node of a cluster long after their callers have been told that they failed. */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'

import {
  createRedisSessionStorage,
  type RedisSessionStorage,
  type UrlOptions,
} from 'remix-session-storage-redis'
import { expect, onTestFinished, test } from 'vitest'

import { startCluster, type TestCluster, type TestNode } from '../support/cluster.ts'
import { failure, stored, valueOf } from '../support/failure.ts'

const TIMEOUT = 2000

async function start(onConflict: UrlOptions['onConflict']) {
  let args = ['--cluster-require-full-coverage', 'no']
  let cluster = await startCluster({ primaries: 2, replicas: 0, args, proxied: true })
  onTestFinished(() => cluster.stop())
  let url = cluster.urls
  let storage = createRedisSessionStorage({ url, cluster: true, timeout: TIMEOUT, onConflict })
  onTestFinished(() => storage.close())
  // Has a connection to each node.
  await Promise.all(Array.from({ length: 30 }, () => stored(storage, 'other')))
  return { cluster, storage }
}

/** Makes a session whose marks are on this node. */
async function sessionMarkedOn(node: TestNode, storage: RedisSessionStorage, cluster: TestCluster) {
  for (;;) {
    let session = await storage.read(null)
    let slot = await cluster.slotOf(`session:gone:${session.id}`)
    if ((await cluster.ownerOf(slot)) === node) return session
  }
}

for (let onConflict of ['merge', 'overwrite'] as const) {
  test(`a save that was late does not undo a logout, with onConflict: '${onConflict}'`, async () => {
    let { cluster, storage } = await start(onConflict)
    let [slow, other] = cluster.nodes as [TestNode, TestNode]
    let session = await sessionMarkedOn(other, storage, cluster)
    let key = `session:${session.id}`
    let slot = await cluster.slotOf(key)
    session.set('value', 1)

    // The save is sent when there is little time left, so that the silence of the node tells nothing yet.
    for (let node of cluster.nodes) await node.command('CLUSTER', 'DELSLOTS', slot)
    let failed = failure(storage.save(session))
    await sleep(TIMEOUT * 0.65)
    // Not while the storage asks where slots are, over a connection of its own: only the save is to be held.
    while (slow.proxy!.open > 1) await setImmediate()
    let held = slow.proxy!.held('client')
    slow.proxy!.holdFrom('client')
    for (let node of cluster.nodes) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', slow.id)
    await held
    expect((await failed).error.code).toBe('TIMEOUT')

    await cluster.moveSlot(slot, other)
    // By now the storage has asked where the slot is, as the node that had it says nothing.
    await sleep(TIMEOUT / 2)
    expect(await storage.save(session)).toBe(session.id)
    let visit = await storage.read(session.id)
    expect(visit.get('value')).toBe(1)
    visit.destroy()
    expect(await storage.save(visit)).toBe('')

    await cluster.moveSlot(slot, slow)
    await slow.proxy!.release()
    // Behind whatever has been sent to it before.
    expect(await valueOf(storage, session.id)).toBeUndefined()
    expect(await slow.command('EXISTS', key)).toBe(0)
  })
}
