/** What users see of sessions behind sentinels. */
import { setTimeout as sleep } from 'node:timers/promises'

import { createRedisSessionStorage, type UrlOptions } from 'remix-session-storage-redis'
import { afterEach, expect, test } from 'vitest'

import { makeCertificates } from '../support/certificates.ts'
import { failure, SLACK, stored, valueOf } from '../support/failure.ts'
import { servers } from '../support/redis.ts'
import { startSentinels, type SentinelNode, type TestSentinels } from '../support/sentinels.ts'

/** What a failover may cost a request. */
const PASSING = ['CONNECT', 'DISCONNECTED', 'TIMEOUT']

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

/** How many clients with commands of ours a server has. */
async function clientsOf(node: SentinelNode): Promise<number> {
  let list: string = await node.command('CLIENT', 'LIST', 'TYPE', 'NORMAL')
  return list.split('\n').filter((line) => /cmd=(eval|evalsha|set|getex|get|expire)\b/.test(line))
    .length
}

interface Visits {
  /** Milliseconds between `since` and the first request after it that succeeded. */
  recovery(since: number): number
  errors: { code: string; reply: string | undefined; duration: number }[]
}

/** Visitors whose every request changes their sessions, until `work` is done. */
async function visitsDuring(
  storage: ReturnType<typeof open>,
  work: () => Promise<void>,
): Promise<Visits> {
  let isOver = false
  let errors: Visits['errors'] = []
  let successes: number[] = []

  async function visit() {
    let id = ''
    while (!isOver) {
      let start = performance.now()
      try {
        let session = await storage.read(id)
        // A replica that took over may never have heard of it.
        expect(session.get('owner')).toBeOneOf([undefined, session.id])
        session.set('owner', session.id)
        session.set('count', ((session.get('count') as number) ?? 0) + 1)
        id = (await storage.save(session)) ?? ''
        successes.push(performance.now())
      } catch (error) {
        let { code, reply } = error as { code: string; reply?: string }
        if (code === undefined) throw error
        errors.push({ code, reply, duration: performance.now() - start })
      }
      await sleep(5)
    }
  }

  let visitors = Array.from({ length: 32 }, visit)
  await Promise.all([
    ...visitors,
    work().finally(() => {
      isOver = true
    }),
  ])
  return {
    errors,
    recovery: (since) => successes.find((time) => time > since)! - since,
  }
}

function expectOnlyPassing({ errors }: Visits) {
  expect(errors.filter(({ code }) => !PASSING.includes(code))).toEqual([])
  for (let { duration } of errors) expect(duration).toBeLessThan(2 * TIMEOUT + SLACK)
}

test.each(servers)('a replica takes over on $name, and nobody notices', async ({ binary }) => {
  redis = await startSentinels({ binary: binary() })
  let visits = await visitsDuring(open({ connections: 2 }), async () => {
    let next = await redis.failover()
    await expect.poll(() => clientsOf(next), { timeout: 1000 }).toBeGreaterThan(0)
    await sleep(300)
  })

  expect(visits.errors).toEqual([])
})

test.each(servers)('the primary is killed on $name', async ({ binary }) => {
  redis = await startSentinels({ binary: binary() })
  let known = 0
  let visits = await visitsDuring(open({ connections: 2 }), async () => {
    let old = await redis.primary()
    await sleep(100)
    await old.kill()
    await redis.successor(old)
    known = performance.now()
    await sleep(RECOVERY)
  })

  expectOnlyPassing(visits)
  expect(visits.recovery(known)).toBeLessThan(RECOVERY)
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
  let saves = ids.map(async (id) => {
    try {
      let session = await storage.read(id)
      session.set('value', 'after')
      return await storage.save(session)
    } catch (error) {
      expect(PASSING).toContain((error as { code: string }).code)
    }
  })
  let next = await redis.successor(old)
  old.resume()
  let acknowledged = await Promise.all(saves)

  for (let [index, id] of ids.entries()) {
    if (acknowledged[index] !== undefined) {
      expect(await next.command('GET', `session:${id}`)).toContain('"value":"after"')
    }
    let session = await storage.read(id)
    session.set('value', 'later')
    expect(await storage.save(session)).toBe(id)
    expect(await next.command('GET', `session:${id}`)).toContain('"value":"later"')
  }
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
