/** With `refreshCookie`, the cookie of an unchanged session is sent again. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { RedisSessionStorage } from 'remix-session-storage-redis'

import { backends, native, type OpenStorage } from '../support/backends.ts'
import { stored } from '../support/failure.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

const MINUTE = 60_000

let redis: TestRedis
let other: OpenStorage
beforeAll(async () => {
  redis = await startRedis()
  other = await native.create(redis)
})
afterAll(async () => {
  await other.close()
  await redis.stop()
})

describe.each(backends)('over $name', (backend) => {
  let open: OpenStorage
  let storage: RedisSessionStorage
  let id: string
  beforeEach(async () => {
    open = await backend.create(redis, { refreshCookie: true, ttl: 100 })
    storage = open.storage
    // By another process, of which this one knows nothing.
    id = await stored(other.storage, 'here')
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    await open.close()
  })

  async function request(): Promise<string | null> {
    return storage.save(await storage.read(id))
  }

  test('once a minute', async () => {
    expect(await request()).toBe(id)
    expect(await request()).toBe(null)

    let now = performance.now()
    vi.spyOn(performance, 'now').mockImplementation(() => now + MINUTE)
    expect(await request()).toBe(id)
    expect(await request()).toBe(null)
  })

  test('once by fifty requests that come at the same time', async () => {
    let cookies = await Promise.all(Array.from({ length: 50 }, request))

    expect(cookies.filter((cookie) => cookie !== null)).toEqual([id])
  })

  test('not without a session, and not for one that has vanished since it was read', async () => {
    expect(await storage.save(await storage.read(null))).toBe(null)
    let session = await storage.read(id)
    await redis.side.del(`session:${id}`)

    expect(await storage.save(session)).toBe(null)
    expect(await redis.side.exists(`session:${id}`)).toBe(0)
  })

  test('and refreshes its TTL', async () => {
    let session = await storage.read(id)
    await redis.side.expire(`session:${id}`, 5)
    expect(await storage.save(session)).toBe(id)

    expect(await redis.side.ttl(`session:${id}`)).toBe(100)
  })
})

describe.each(backends.filter(({ isAtomic }) => isAtomic))('over $name', (backend) => {
  test.each([true, false])(
    'not for a session that another request has given a new id (old one deleted: %s)',
    async (deletesOld) => {
      let { storage, close } = await backend.create(redis, { refreshCookie: true })
      let id = await stored(other.storage, 'here')
      let session = await storage.read(id)
      let login = await other.storage.read(id)
      login.regenerateId(deletesOld)
      await other.storage.save(login)

      expect(await storage.save(session)).toBe(null)
      await close()
    },
  )
})
