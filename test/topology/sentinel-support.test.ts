/** The sentinels that tests run with do what tests ask of them, as a plain client sees it. */
import { createClient, createSentinel } from 'redis'
import { afterEach, expect, test } from 'vitest'

import { makeCertificates } from '../support/certificates.ts'
import { servers } from '../support/redis.ts'
import { startSentinels, type SentinelNode, type TestSentinels } from '../support/sentinels.ts'

const WITHIN = { timeout: 10_000 }

let redis: TestSentinels
let ends: (() => unknown)[] = []

afterEach(async () => {
  for (let end of ends.splice(0)) await end()
  await redis.stop()
})

async function connect() {
  let client = createSentinel({
    name: redis.name,
    sentinelRootNodes: redis.sentinels.map((node) => ({
      host: '127.0.0.1',
      port: node.announcedPort,
    })),
  })
  client.on('error', () => {})
  await client.connect()
  ends.push(() => client.destroy())
  return client
}

async function roleOf(node: SentinelNode): Promise<string> {
  return (await node.command('ROLE'))[0]
}

/** Waits until the replicas have it: `WAIT` knows only of what was written on its own connection. */
async function replicated(key: string): Promise<void> {
  for (let replica of redis.servers.slice(1)) {
    await expect.poll(() => replica.command('GET', key), WITHIN).toBe('value')
  }
}

test.each(servers)('replicas take over on $name', async ({ binary }) => {
  redis = await startSentinels({ binary: binary() })
  let client = await connect()
  await client.set('key', 'value')
  let first = await redis.primary()
  expect(first).toBe(redis.servers[0])
  await replicated('key')
  let second = await redis.failover()
  expect(await roleOf(second)).toBe('master')
  expect(await second.command('GET', 'key')).toBe('value')
  await second.kill()
  let third = await redis.successor(second)

  expect(third).not.toBe(second)
  await expect.poll(() => roleOf(third), WITHIN).toBe('master')
  expect(await client.get('key')).toBe('value')
})

test('a primary that was paused comes back as one, and clients go to its successor through the proxies', async () => {
  redis = await startSentinels({ proxied: true })
  let client = await connect()
  await client.set('key', 'value')
  let old = await redis.primary()
  expect(old.proxy!.open).toBeGreaterThan(0)
  await replicated('key')
  old.pause()
  let next = await redis.successor(old)
  old.resume()

  expect(await roleOf(old)).toBe('master')
  await expect.poll(() => client.get('key'), WITHIN).toBe('value')
  expect(next.proxy!.open).toBeGreaterThan(0)
})

test('sentinels and servers speak TLS and have passwords', async () => {
  let certificates = await makeCertificates()
  ends.push(() => certificates.remove())
  redis = await startSentinels({ certificates, password: 'server', sentinelPassword: 'sentinel' })
  let next = await redis.failover()
  let client = createClient({
    url: next.url,
    password: 'server',
    socket: { tls: true, ca: certificates.ca.cert },
  })
  await client.connect()
  ends.push(() => client.destroy())

  expect(await client.set('key', 'value')).toBe('OK')
  let sentinel = createClient({
    url: redis.urls[0]!,
    password: 'server',
    socket: { tls: true, ca: certificates.ca.cert, reconnectStrategy: false },
  })
  sentinel.on('error', () => {})
  await expect(sentinel.connect()).rejects.toThrow('WRONGPASS')
})
