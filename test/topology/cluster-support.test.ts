/** The clusters that tests run on do what tests ask of them, as a plain client sees it. */
import { createCluster } from 'redis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { makeCertificates, type Certificates } from '../support/certificates.ts'
import { startCluster, type TestCluster, type TestNode } from '../support/cluster.ts'
import { servers } from '../support/redis.ts'

const WITHIN = { timeout: 10_000 }

async function connect(cluster: TestCluster, ca?: string) {
  let tls = ca === undefined ? {} : { tls: true as const, ca }
  let client = createCluster({
    rootNodes: cluster.urls.map((url) => ({ url })),
    defaults: { socket: { ...tls, reconnectStrategy: 20 } },
  })
  client.on('error', () => {})
  return client.connect()
}

async function roleOf(node: TestNode): Promise<string> {
  return (await node.command('ROLE'))[0]
}

describe.each(servers)('on $name', ({ binary }) => {
  let cluster: TestCluster
  let client: Awaited<ReturnType<typeof connect>>

  beforeAll(async () => {
    cluster = await startCluster({ binary: binary() })
  })
  afterAll(() => cluster.stop())
  // A new one each, because this client does not always notice that nodes are gone.
  beforeEach(async () => {
    await cluster.agreed()
    client = await connect(cluster)
  })
  afterEach(() => client.destroy())

  test('a slot moves, one key at a time', async () => {
    await Promise.all([client.set('{slot}:1', 'one'), client.set('{slot}:2', 'two')])
    let slot = await cluster.slotOf('{slot}:1')
    let from = await cluster.ownerOf(slot)
    let to = cluster.nodes.find((node) => node !== from)!
    let move = await cluster.startMove(slot, to)
    await move.moveKeys(['{slot}:1'])

    expect(await from.command('GET', '{slot}:2')).toBe('two')
    await expect(from.command('GET', '{slot}:1')).rejects.toThrow(
      `ASK ${slot} 127.0.0.1:${to.port}`,
    )
    expect(await client.get('{slot}:1')).toBe('one')
    await move.moveKeys()
    await move.finish()
    expect(await cluster.ownerOf(slot)).toBe(to)
    await expect(from.command('GET', '{slot}:2')).rejects.toThrow(`MOVED ${slot} `)
    expect(await client.get('{slot}:2')).toBe('two')
  })

  test('a replica takes over from a primary that works, and from one that does not', async () => {
    await client.set('key', 'value')
    let old = await cluster.ownerOf(await cluster.slotOf('key'))
    let next = await cluster.replicaOf(old)
    await cluster.failover(next, 'manual')
    expect(await roleOf(old)).toBe('slave')
    expect(await client.get('key')).toBe('value')

    next.pause()
    await cluster.failover(old, 'forced')
    expect(await roleOf(old)).toBe('master')
    next.resume()
    await expect.poll(() => roleOf(next), WITHIN).toBe('slave')
  })

  test('a node comes, is drained, and goes', async () => {
    let keys = Array.from({ length: 30 }, (_, index) => `key ${index}`)
    await Promise.all(keys.map((key) => client.set(key, key)))
    let fresh = await cluster.addNode()
    for (let key of keys) await cluster.moveSlot(await cluster.slotOf(key), fresh)
    expect(await fresh.command('DBSIZE')).toBeGreaterThanOrEqual(keys.length)
    expect(await Promise.all(keys.map((key) => client.get(key)))).toEqual(keys)

    await cluster.drain(fresh, cluster.nodes[0]!)
    expect(await fresh.command('DBSIZE')).toBe(0)
    await cluster.removeNode(fresh)
    await cluster.agreed()
    expect(cluster.nodes).toHaveLength(6)
    let next = await connect(cluster)
    expect(await Promise.all(keys.map((key) => next.get(key)))).toEqual(keys)
    next.destroy()
  })
})

describe('with proxies and TLS', () => {
  let cluster: TestCluster
  let certificates: Certificates
  let client: Awaited<ReturnType<typeof connect>>

  beforeAll(async () => {
    certificates = await makeCertificates()
    cluster = await startCluster({ proxied: true, certificates })
    client = await connect(cluster, certificates.ca.cert)
  })
  afterAll(async () => {
    client.destroy()
    await cluster.stop()
    await certificates.remove()
  })

  test('clients speak TLS through the proxies, also when a slot has moved', async () => {
    await client.set('key', 'value')
    let slot = await cluster.slotOf('key')
    let from = await cluster.ownerOf(slot)
    let to = cluster.nodes.find((node) => node !== from)!
    let before = to.proxy!.connections
    await cluster.moveSlot(slot, to)

    expect(cluster.urls[0]).toBe(`rediss://127.0.0.1:${cluster.nodes[0]!.proxy!.port}`)
    expect(await client.get('key')).toBe('value')
    expect(from.proxy!.open + to.proxy!.open).toBeGreaterThan(1)
    expect(to.proxy!.connections).toBeGreaterThanOrEqual(before)
  })

  if (process.platform === 'linux') {
    test('what nodes say to each other does not mind the proxies', async () => {
      for (let { proxy } of cluster.nodes) proxy!.hold(true)
      let owner = await cluster.ownerOf(await cluster.slotOf('other'))
      await owner.command('SET', 'other', 'value')

      expect(await owner.command('WAIT', 1, 1000)).toBe(1)
      await cluster.failover(await cluster.replicaOf(owner), 'manual')
      await expect.poll(async () => (await owner.command('ROLE'))[3]).toBe('connected')
    })
  }
})
