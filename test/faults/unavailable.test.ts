/** `onUnavailable: 'anonymous'`: visitors go on while Redis cannot answer, and nobody is signed out. */
import { createSession } from '@remix-run/session'
import type { RedisSessionStorage } from 'remix-session-storage-redis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { ioredis, native, nodeRedis, type OpenStorage } from '../support/backends.ts'
import { messagesOn } from '../support/channel.ts'
import { failure, stored, valueOf } from '../support/failure.ts'
import { startProxy, type Proxy } from '../support/proxy.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

const TIMEOUT = 300

describe.each([native, nodeRedis, ioredis])('over $name', (backend) => {
  let redis: TestRedis
  let proxy: Proxy
  let open: OpenStorage
  let storage: RedisSessionStorage
  beforeEach(async () => {
    redis = await startRedis()
    proxy = await startProxy(redis)
    await create()
  })
  afterEach(async () => {
    await open.close()
    await proxy.stop()
    await redis.stop()
  })

  async function create(options?: object) {
    let through = { ...redis, port: proxy.port, url: proxy.url }
    let all = { onUnavailable: 'anonymous' as const, timeout: TIMEOUT, ...options }
    open = await backend.create(through, all)
    storage = open.storage
  }

  const outages: [what: string, begin: () => unknown, end: () => unknown][] = [
    ['does not answer', () => proxy.hold(true), () => proxy.release()],
    ['is not there', () => proxy.refuse(), () => proxy.accept()],
  ]
  test.each(outages)(
    'a visitor goes on without a session while Redis %s',
    async (_, begin, end) => {
      let id = await stored(storage, 'here')
      await begin()
      let session = await storage.read(id)
      expect(session.id).not.toBe(id)
      expect(session.size).toBe(0)
      expect(storage.isAnonymous(session)).toBe(true)
      expect(await storage.save(session)).toBe(null)
      session.set('value', 'lost')
      expect(session.get('value')).toBe('lost')
      expect(await storage.save(session)).toBe(null)
      session.regenerateId(true)
      expect(await storage.save(session)).toBe(null)

      await end()
      await expect.poll(() => valueOf(storage, id)).toBe('here')
      expect(await storage.save(session)).toBe(null)
      expect(await redis.sessionIds()).toEqual([id])
    },
  )

  test('a logout is carried out or fails, but never passes over a session', async () => {
    let id = await stored(storage, 'here')
    await proxy.refuse()
    let session = await storage.read(id)
    session.destroy()
    expect((await failure(storage.save(session))).error.code).toMatch(
      /CONNECT|TIMEOUT|DISCONNECTED/,
    )

    await proxy.accept()
    await expect.poll(() => storage.save(session).catch(() => 'failed')).toBe('')
    expect(await redis.sessionIds()).toEqual([])
  })

  test('an app can tell, and hears of each such read without the id', async () => {
    let heard = messagesOn('unavailable')

    let id = await stored(storage, 'here')
    for (let session of [await storage.read(id), await storage.read('unknown'), createSession()]) {
      expect(storage.isAnonymous(session)).toBe(false)
    }
    expect(heard).toEqual([])
    proxy.hold(true)
    await storage.read(id)
    await proxy.release()
    let error = expect.objectContaining({ code: expect.stringMatching(/CONNECT|TIMEOUT/) })
    expect(heard).toEqual([{ key: `session:${id.slice(0, 4)}…`, error }])
  })

  test('what is not about being available fails as ever', async () => {
    await redis.side.lPush('session:list', 'x')
    expect((await failure(storage.read('list'))).error.code).toBe('CORRUPT')
    await redis.side.aclSetUser('default', ['-get', '-getex'])
    let { error } = await failure(storage.read('some-id'))
    await redis.side.aclSetUser('default', ['+@all'])
    expect(error).toMatchObject({ code: 'REDIS', reply: 'NOPERM' })
    await storage.close()
    expect((await failure(storage.read('some-id'))).error.code).toBe('CLOSED')
  })

  test('too many commands are an outage, too', async () => {
    await open.close()
    await create({ maxPending: 2 })
    let id = await stored(storage, 'here')
    proxy.hold(true)
    let sessions = await Promise.all([1, 2, 3].map(() => storage.read(id)))
    await proxy.release()
    expect(sessions.map((session) => storage.isAnonymous(session))).toEqual([true, true, true])
  })
})
