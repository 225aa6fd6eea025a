/** The ways in which the nodes of a cluster tell where they are, and let somebody in. */
import { createRedisSessionStorage, type UrlOptions } from 'remix-session-storage-redis'
import { expect, onTestFinished, test } from 'vitest'

import { makeCertificates } from '../support/certificates.ts'
import { startCluster, type ClusterOptions } from '../support/cluster.ts'
import { failure, stored, valueOf } from '../support/failure.ts'
import { startRedis } from '../support/redis.ts'

async function start(options: ClusterOptions) {
  let cluster = await startCluster({ replicas: 0, ...options })
  onTestFinished(() => cluster.stop())
  return cluster
}

function open(options: Omit<UrlOptions, 'cluster'>) {
  let storage = createRedisSessionStorage({ ...options, cluster: true })
  onTestFinished(() => storage.close())
  return storage
}

/** Stores sessions on all nodes, and reads them. */
async function works(options: Omit<UrlOptions, 'cluster'>) {
  let storage = open(options)
  let ids = await Promise.all(Array.from({ length: 40 }, (_, index) => stored(storage, index)))
  expect(await Promise.all(ids.map((id) => valueOf(storage, id)))).toEqual(ids.map((_, n) => n))
}

async function certificatesForTest() {
  let certificates = await makeCertificates()
  onTestFinished(() => certificates.remove())
  return certificates
}

test('with TLS, whose certificate is of the address or, for a seed that has a name, of that', async () => {
  let certificates = await certificatesForTest()
  let cluster = await start({ certificates })
  let ca = certificates.ca.cert
  await works({ url: cluster.urls[0]!, tls: { ca } })
  await works({ url: cluster.urls[0]!.replace('127.0.0.1', 'localhost'), tls: { ca } })

  let wrong = open({ url: cluster.urls[0]!, tls: { ca, serverName: 'redis.example' } })
  let { error } = await failure(wrong.read('some-id'))
  expect(error).toMatchObject({ code: 'CONNECT', message: expect.stringContaining('not trusted') })
})

test('by host names, by no host at all, and over several connections to each node', async () => {
  for (let args of [
    ['--cluster-announce-hostname', 'localhost', '--cluster-preferred-endpoint-type', 'hostname'],
    ['--cluster-preferred-endpoint-type', 'unknown-endpoint'],
  ]) {
    let cluster = await start({ args })
    await works({ url: cluster.urls[0]!, connections: 3 })
  }
})

test('to who knows the password, which is that of all nodes', async () => {
  let cluster = await start({ primaries: 3 })
  for (let node of cluster.nodes) await node.command('CONFIG', 'SET', 'requirepass', 'hunter2')
  let [first = '', ...others] = cluster.urls
  await works({ url: [first.replace('redis://', 'redis://:hunter2@'), ...others] })

  let { error, duration } = await failure(open({ url: first, timeout: 9000 }).read('some-id'))
  expect(error).toMatchObject({ code: 'CONNECT', message: expect.stringContaining('NOAUTH') })
  expect(duration).toBeLessThan(3000)
})

test('a user who may not ask for the map is told what to allow', async () => {
  let cluster = await start({ primaries: 1 })
  let rights = ['on', '>secret', '~session:*', '+@all', '-cluster']
  await cluster.nodes[0]!.command('ACL', 'SETUSER', 'app', ...rights)
  let url = cluster.urls[0]!.replace('redis://', 'redis://app:secret@')
  let { error } = await failure(open({ url }).read('some-id'))
  expect(error).toMatchObject({
    code: 'CONNECT',
    message: expect.stringContaining('+cluster|slots'),
  })
})

test('who is wrong about whether it is a cluster is told so', async () => {
  let redis = await startRedis()
  onTestFinished(() => redis.stop())
  let { error } = await failure(open({ url: redis.url }).read('some-id'))
  expect(error).toMatchObject({ code: 'CONNECT' })
  expect(error.message).toContain('leave out "cluster"')

  let cluster = await start({ primaries: 3 })
  let single = createRedisSessionStorage({ url: cluster.urls[0]! })
  onTestFinished(() => single.close())
  let calls = Array.from({ length: 40 }, () => stored(single, 'somewhere'))
  let failed = (await Promise.allSettled(calls)).find(({ status }) => status === 'rejected')
  expect(failed).toMatchObject({ reason: { code: 'REDIS', reply: 'MOVED' } })
  expect(String((failed as PromiseRejectedResult).reason)).toContain('set "cluster" to true')
})
