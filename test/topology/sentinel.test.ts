/** What users see of sessions behind sentinels. */
import { setTimeout as sleep } from 'node:timers/promises'

import { createRedisSessionStorage, type UrlOptions } from 'remix-session-storage-redis'
import { afterEach, expect, test } from 'vitest'

import { makeCertificates } from '../support/certificates.ts'
import { messagesOn } from '../support/channel.ts'
import { startCountingVisitor } from '../support/counting-visitor.ts'
import { failure, SLACK, stored, valueOf } from '../support/failure.ts'
import { servers } from '../support/redis.ts'
import { startSentinels, type SentinelNode, type TestSentinels } from '../support/sentinels.ts'

const TIMEOUT = 2000

let redis: TestSentinels
let ends: (() => unknown)[] = []

afterEach(async () => {
  for (let end of ends.splice(0).toReversed()) await end()
  await redis.stop()
})

function open(options?: Partial<UrlOptions>) {
  let storage = createRedisSessionStorage({
    url: redis.urls,
    sentinel: { name: redis.name },
    timeout: TIMEOUT,
    ...options,
  })
  ends.push(() => storage.close())
  return storage
}

test('the primary has the sessions, and replicas have copies', async () => {
  redis = await startSentinels()
  let storage = open({ connections: 2 })
  let ids = await Promise.all(Array.from({ length: 20 }, (_, index) => stored(storage, index)))

  expect(await Promise.all(ids.map((id) => valueOf(storage, id)))).toEqual(ids.map((_, n) => n))
  let primary = await redis.primary()
  expect(await primary.command('DBSIZE')).toBe(20)
})

/** Milliseconds from the election of a primary to the first success on it, at most. */
const RECOVERY = 1000

/** How many clients of ours a server has. */
async function clientsOf(node: SentinelNode): Promise<number> {
  let list: string = await node.command('CLIENT', 'LIST', 'TYPE', 'NORMAL')
  return list.split(' name=remix-session-storage-redis ').length - 1
}

/** Visitors who count in their sessions until `work` is done. */
async function visitorsDuring(storage: ReturnType<typeof open>, work: () => Promise<unknown>) {
  let ids = await Promise.all(Array.from({ length: 32 }, () => stored(storage, 0)))
  let visitors = ids.map((id, name) =>
    startCountingVisitor(storage, { id, name, timeout: TIMEOUT }),
  )
  await work()
  await Promise.all(visitors.map((visitor) => visitor.stop()))
  return visitors
}

test.each(servers)('a replica takes over on $name, and nobody notices', async ({ binary }) => {
  redis = await startSentinels({ binary: binary() })
  let visitors = await visitorsDuring(open({ connections: 2 }), async () => {
    let next = await redis.failover()
    await expect.poll(() => clientsOf(next), { timeout: 1000 }).toBe(2)
    await sleep(300)
  })

  for (let { failures } of visitors) expect(failures).toEqual([])
})

test.each(servers)(
  'a demoted primary on $name sends nobody away, though no sentinel tells of it',
  async ({ binary }) => {
    redis = await startSentinels({ binary: binary(), proxied: true })
    let old = await redis.primary()
    let visitors = await visitorsDuring(open(), async () => {
      for (let { proxy } of redis.sentinels) proxy!.hold()
      let next = await redis.failover()
      // As the sentinels do it ten seconds later.
      await old.command('REPLICAOF', '127.0.0.1', next.announcedPort)
      await expect.poll(() => clientsOf(next), { timeout: RECOVERY }).toBe(1)
      await sleep(300)
    })

    for (let { failures } of visitors) expect(failures).toEqual([])
  },
)

test.each(servers)('the primary is killed on $name', async ({ binary }) => {
  redis = await startSentinels({ binary: binary() })
  let known = 0
  let visitors = await visitorsDuring(open({ connections: 2 }), async () => {
    let old = await redis.primary()
    await sleep(100)
    await old.kill()
    await redis.successor(old)
    known = performance.now()
    await sleep(2 * RECOVERY)
  })

  for (let { successes } of visitors) {
    expect(successes.find((time) => time > known)! - known).toBeLessThan(RECOVERY)
  }
})

test('a primary that was paused acknowledges nothing once it has a successor', async () => {
  redis = await startSentinels()
  let storage = open()
  let ids = await Promise.all(Array.from({ length: 8 }, () => stored(storage, 'before')))
  let old = await redis.primary()
  for (let replica of redis.servers.slice(1)) {
    await expect.poll(() => replica.command('DBSIZE')).toBe(ids.length)
  }
  old.pause()
  async function change(id: string, value: string) {
    let session = await storage.read(id)
    session.set('value', value)
    expect(await storage.save(session)).toBe(id)
  }
  let changes = Promise.allSettled(ids.map((id) => change(id, 'after')))
  let next = await redis.successor(old)
  old.resume()

  let valueAt = async (id: string) =>
    JSON.parse(await next.command('GET', `session:${id}`))[0].value
  for (let [index, { status }] of (await changes).entries()) {
    let value = await valueAt(ids[index]!)
    expect(['after', status === 'rejected' ? 'before' : 'after']).toContain(value)
  }
  for (let id of ids) {
    await change(id, 'later')
    expect(await valueAt(id)).toBe('later')
  }
})

test('a storage that is closed listens to no sentinel any more', async () => {
  redis = await startSentinels()
  let storage = open()
  await stored(storage, 'here')
  let listeners = async () => {
    let commands = redis.sentinels.map((it) => it.command('CLIENT', 'LIST', 'TYPE', 'PUBSUB'))
    return (await Promise.all(commands)).join('').split('cmd=subscribe').length - 1
  }
  await expect.poll(listeners).toBe(1)
  await storage.close()
  await expect.poll(listeners).toBe(0)
})

test('one sentinel is gone and one is a black hole: the third one is enough', async () => {
  redis = await startSentinels({ proxied: true })
  await redis.sentinels[0]!.kill()
  redis.sentinels[1]!.pause()
  let storage = open()
  let id = await stored(storage, 'here')
  let primary = await redis.primary()
  primary.proxy!.cut()

  expect(await valueOf(storage, id)).toBe('here')
})

test('sentinels and servers have logins of their own, and speak TLS', async () => {
  let certificates = await makeCertificates()
  ends.push(() => certificates.remove())
  redis = await startSentinels({ certificates, password: 'server', sentinelPassword: 'sentinel' })
  let [first, ...others] = redis.urls.map((url) => new URL(url)) as [URL, ...URL[]]
  first.password = 'server'
  let options = {
    url: [first, ...others].map(String),
    sentinel: { name: redis.name, password: 'sentinel' },
    tls: { ca: certificates.ca.cert },
  }
  let storage = open(options)
  let id = await stored(storage, 'here')
  expect(await valueOf(storage, id)).toBe('here')

  let stranger = open({ ...options, sentinel: { name: redis.name, password: 'hunter2' } })
  let { error } = await failure(stranger.ping())
  expect(error.message).toMatch(/WRONGPASS/)
  expect(error.message).not.toMatch(/hunter2/)
  // The sentinels without TLS, which they speak, too.
  let plain = open({
    ...options,
    url: redis.sentinels.map(({ port }) => `rediss://:server@localhost:${port}`),
    sentinel: { name: redis.name, password: 'sentinel', tls: false },
  })
  expect(await valueOf(plain, id)).toBe('here')
})

test('a user of the sentinels needs what the README names', async () => {
  redis = await startSentinels({
    sentinelConfig: [
      'user app on >app-password resetchannels &+switch-master &+promoted-slave -@all +ping +subscribe +sentinel|get-master-addr-by-name',
    ],
  })
  let sentinel = { name: redis.name, username: 'app', password: 'app-password' }
  let visitors = await visitorsDuring(open({ sentinel }), async () => {
    let next = await redis.failover()
    await expect.poll(() => clientsOf(next), { timeout: 1000 }).toBe(1)
  })

  for (let { failures } of visitors) expect(failures).toEqual([])
})

test('errors tell sentinels that are not there from a name that they do not know', async () => {
  redis = await startSentinels()
  let unknown = await failure(open({ sentinel: { name: 'other' } }).ping())
  expect(unknown.error).toMatchObject({ code: 'CONNECT' })
  expect(unknown.error.message).toMatch(/sentinels do not know "other"; check "sentinel.name"/)
  expect(unknown.duration).toBeLessThan(SLACK)

  let noSentinel = await failure(open({ url: redis.servers[0]!.url }).ping())
  expect(noSentinel.error.message).toMatch(
    /not a sentinel.*"url" has the addresses of the sentinels/,
  )

  for (let sentinel of redis.sentinels) await sentinel.kill()
  let { error, duration } = await failure(open({ timeout: 300 }).ping())
  expect(error).toMatchObject({ code: 'CONNECT' })
  expect(error.message).toMatch(/"sessions" of the sentinels redis:.*connection refused/)
  expect(duration).toBeLessThan(300 + SLACK)
})

test('a connection that a failover leaves behind is told to be gone', async () => {
  let [connects, disconnects] = [messagesOn('connect'), messagesOn('disconnect')]
  let present = () => connects.length - disconnects.length
  redis = await startSentinels()
  let storage = open()
  await storage.connect()
  await expect.poll(present).toBe(1)

  let primary = await redis.failover()
  await expect.poll(() => storage.ping().then(() => clientsOf(primary))).toBe(1)
  await expect.poll(present).toBe(1)
})
