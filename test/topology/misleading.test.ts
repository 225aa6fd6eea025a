/** What users see of topologies that mislead, fall silent, or cannot serve everything. */
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

import { createRedisSessionStorage, type UrlOptions } from 'remix-session-storage-redis'
import { expect, onTestFinished, test } from 'vitest'

import { freePort } from '../../scripts/redis-server.js'
import { messagesOn } from '../support/channel.ts'
import { startCluster, type ClusterOptions } from '../support/cluster.ts'
import { failure, stored, valueOf } from '../support/failure.ts'
import { startRedis } from '../support/redis.ts'
import { startSentinels } from '../support/sentinels.ts'

const TIMEOUT = 1500

async function startTestCluster(options: ClusterOptions = {}) {
  let args = ['--cluster-require-full-coverage', 'no', ...(options.args ?? [])]
  let cluster = await startCluster({ primaries: 3, replicas: 0, ...options, args })
  onTestFinished(() => cluster.stop())
  return cluster
}

function open(options: UrlOptions) {
  let storage = createRedisSessionStorage({ timeout: TIMEOUT, ...options })
  onTestFinished(() => storage.close())
  return storage
}

/** Has whoever connects to this port of 127.0.0.1 get to another one. */
async function forward(from: number, to: number) {
  let sockets = new Set<net.Socket>()
  let listener = net.createServer((client) => {
    let server = net.connect(to, '127.0.0.1')
    for (let socket of [client, server]) sockets.add(socket.on('error', () => {}))
    client.on('close', () => server.destroy())
    server.on('close', () => client.destroy())
    client.pipe(server).pipe(client)
  })
  listener.listen(from, '127.0.0.1')
  await once(listener, 'listening')
  onTestFinished(() => {
    listener.close()
    for (let socket of sockets) socket.destroy()
  })
}

test('a node of another cluster at the address of one that died does not get the sessions of all', async () => {
  let [cluster, other] = await Promise.all([startTestCluster(), startTestCluster()])
  let storage = open({ url: cluster.urls, cluster: true })
  let ids = await Promise.all(Array.from({ length: 60 }, (_, index) => stored(storage, index)))
  let dead = cluster.nodes[0]!
  let elsewhere = []
  for (let id of ids) {
    let slot = await cluster.slotOf(`session:${id}`)
    if ((await cluster.ownerOf(slot)) !== dead) elsewhere.push(id)
  }
  await dead.kill()
  await forward(dead.port, other.nodes[1]!.port)
  // Has the dead node's slots asked for at the other cluster, which sends them on.
  for (let rounds = 0; rounds < 3; rounds++) {
    await Promise.allSettled(ids.map((id) => storage.read(id)))
    await sleep(200)
  }

  let values = await Promise.all(elsewhere.map((id) => valueOf(storage, id)))
  expect(values.filter((value) => value === undefined)).toEqual([])
  // Nor is anything written there.
  await Promise.allSettled(Array.from({ length: 20 }, () => stored(storage, 0)))
  let [, second, third] = other.nodes
  expect((await second!.command('DBSIZE')) + (await third!.command('DBSIZE'))).toBe(0)
})

test('a server without cluster support at the address of a node that died gets no sessions', async () => {
  let [cluster, other] = await Promise.all([startTestCluster(), startRedis()])
  onTestFinished(() => other.stop())
  let storage = open({ url: cluster.urls, cluster: true })
  let ids = await Promise.all(Array.from({ length: 60 }, (_, index) => stored(storage, index)))
  let dead = cluster.nodes[0]!
  await dead.kill()
  await forward(dead.port, other.port)

  let reads = await Promise.allSettled(ids.map((id) => valueOf(storage, id)))
  let values = reads.flatMap((read) => (read.status === 'fulfilled' ? [read.value] : []))
  expect(values.length).toBeLessThan(ids.length)
  expect(values).not.toContain(undefined)
  await Promise.allSettled(Array.from({ length: 20 }, () => stored(storage, 0)))
  expect(await other.side.dbSize()).toBe(0)
})

test('a sentinel that falls silent does not keep another one from telling of a new primary', async () => {
  let redis = await startSentinels({ proxied: true })
  onTestFinished(() => redis.stop())
  let storage = open({ url: redis.urls, sentinel: { name: redis.name } })
  await stored(storage, 0)
  await sleep(500)
  // The connections that are open; new ones work, to the same sentinel, too.
  for (let { proxy } of redis.sentinels) proxy!.hold()
  await sleep(2 * TIMEOUT)

  let successor = await redis.failover()
  await sleep(1000)
  let ids = await Promise.all(Array.from({ length: 20 }, (_, index) => stored(storage, index)))
  let kept = await Promise.all(ids.map((id) => successor.command('EXISTS', `session:${id}`)))
  expect(kept).toEqual(ids.map(() => 1))
})

test('a session whose slot no node has fails with what the cluster says of it', async () => {
  let cluster = await startTestCluster()
  let storage = open({ url: cluster.urls, cluster: true })
  let id = await stored(storage, 0)
  let slot = await cluster.slotOf(`session:${id}`)
  for (let node of cluster.nodes) await node.command('CLUSTER', 'DELSLOTS', slot)

  let { error } = await failure(storage.read(id))
  expect(error.message).not.toContain('no answer yet')
  expect(error.message).toMatch(/slot/i)
})

test('a cluster that cannot be reached is told of', async () => {
  let events = messagesOn('reconnect')
  let storage = open({ url: `redis://127.0.0.1:${await freePort()}`, cluster: true })
  let { error } = await failure(storage.read('some-id'))
  expect(error.message).toContain('refused')
  expect(events).not.toEqual([])
})

test('what a server repeats of a password does not get into the message', async () => {
  let listener = net.createServer((client) => {
    client.on('error', () => {})
    client.on('data', (data) => {
      let words = data.toString()
      if (words.includes('AUTH')) client.write('+OK\r\n+PONG\r\n+OK\r\n+OK\r\n+OK\r\n')
      else client.write('-ERR hunter2 may not\r\n'.repeat(words.split('*').length - 1))
    })
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  onTestFinished(() => void listener.close())
  let { port } = listener.address() as net.AddressInfo
  let url = `redis://:hunter2@127.0.0.1:${port}`
  let sentinel = { name: 'sessions', password: 'hunter2' }
  for (let options of [
    { url, cluster: true as const },
    { url: `redis://127.0.0.1:${port}`, sentinel },
  ]) {
    let { error } = await failure(open(options).read('some-id'))
    expect(error.message).toContain('may not')
    expect(error.message).not.toContain('hunter2')
  }
})
