/** What holds whatever the network does while many sessions are read and saved. */
import fc from 'fast-check'
import { createRedisSessionStorage, RedisSessionStorageError } from 'remix-session-storage-redis'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { SLACK } from '../support/failure.ts'
import { startProxy, type Proxy } from '../support/proxy.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

const TIMEOUT = 200
const SESSIONS = 20

/** What the network does, and for how many requests until the next fault. */
interface Fault {
  kind: 'cut' | 'cutAfter' | 'hold' | 'holdAll' | 'holdAfter' | 'release' | 'restart'
  bytes: number
  requests: number
}

const faults: fc.Arbitrary<Fault[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(
      ...(['cut', 'cutAfter', 'hold', 'holdAll', 'holdAfter', 'release', 'restart'] as const),
    ),
    bytes: fc.nat(3000),
    requests: fc.integer({ min: 1, max: 60 }),
  }),
  { minLength: 2, maxLength: 8 },
)

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

async function apply(proxy: Proxy, { kind, bytes }: Fault) {
  switch (kind) {
    case 'cut':
      return proxy.cut()
    case 'cutAfter':
      return proxy.cutAfter(bytes)
    case 'hold':
      return proxy.hold()
    case 'holdAll':
      return proxy.hold(true)
    case 'holdAfter':
      return proxy.holdAfter(bytes)
    case 'release':
      return proxy.release()
    case 'restart':
      await proxy.refuse()
      return proxy.accept()
  }
}

/** A session with one user, who counts upwards in it, one request after the other. */
function visitor(storage: ReturnType<typeof createRedisSessionStorage>, id: string, name: number) {
  let acknowledged = 0
  let attempted = 0

  /** Ends in time, with an error of the network if any. */
  async function ends<result>(call: Promise<result>): Promise<result | undefined> {
    let start = performance.now()
    try {
      return await call
    } catch (error) {
      expect(error).toBeInstanceOf(RedisSessionStorageError)
      let { code } = error as RedisSessionStorageError
      expect(['CONNECT', 'TIMEOUT', 'DISCONNECTED']).toContain(code)
    } finally {
      expect(performance.now() - start).toBeLessThan(TIMEOUT + SLACK)
    }
  }

  function check({ name: read, count }: { name: number; count: number }) {
    expect(read).toBe(name)
    expect(count).toBeGreaterThanOrEqual(acknowledged)
    expect(count).toBeLessThanOrEqual(attempted)
  }

  return {
    check,
    async request() {
      let [session] = await Promise.all([
        ends(storage.read(id)),
        ends(storage.read(id)).then((other) => other && check(other.get('value') as never)),
      ])
      if (session === undefined) return
      check(session.get('value') as never)

      let count = ++attempted
      session.set('value', { name, count, padding: 'x'.repeat((name * 50) % 700) })
      if ((await ends(storage.save(session))) === id) acknowledged = count
    },
  }
}

async function survives(schedule: Fault[]) {
  let proxy = await startProxy(redis)
  let storage = createRedisSessionStorage({ url: proxy.url, timeout: TIMEOUT, connections: 2 })
  try {
    let ids = Array.from({ length: SESSIONS }, (_, name) => `visitor-${name}`)
    let visitors = ids.map((id, name) => visitor(storage, id, name))
    await Promise.all(
      ids.map((id, name) =>
        redis.side.set(`session:${id}`, JSON.stringify([{ value: { name, count: 0 } }, {}])),
      ),
    )

    let requests = 0
    let isOver = false
    let wake = () => {}
    let running = Promise.all(
      visitors.map(async ({ request }) => {
        while (!isOver) {
          await request()
          requests++
          wake()
        }
      }),
    )
    running.catch(() => {
      isOver = true
      wake()
    })
    for (let fault of schedule) {
      await apply(proxy, fault)
      let until = requests + fault.requests
      while (requests < until && !isOver) await new Promise<void>((resolve) => (wake = resolve))
    }
    isOver = true
    await running

    proxy.cutAfter(Infinity)
    await proxy.release()
    await storage.ping()
    for (let [name, { check, request }] of visitors.entries()) {
      let text = await redis.side.get(`session:${ids[name]}`)
      check(JSON.parse(text!)[0].value)
      await request()
    }
  } finally {
    await storage.close()
    await proxy.stop()
  }
}

test('requests end in time, nobody gets the session of another, and what was saved stays', async () => {
  await fc.assert(fc.asyncProperty(faults, survives), { numRuns: 90, endOnFailure: true })
}, 200_000)
