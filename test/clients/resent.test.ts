/** What ioredis and iovalkey send again by themselves when a connection broke, however much time has passed. */
import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

import { stored, valueOf } from '../support/failure.ts'
import { openLikeIoredis } from '../support/open-client.ts'
import { startProxy } from '../support/proxy.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

/** Long enough for what happens meanwhile. */
const options = { retryStrategy: () => 300 }

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

describe.each([
  ['ioredis', (port: number) => openLikeIoredis(new Redis(port, options))],
  ['iovalkey', (port: number) => openLikeIoredis(new Valkey(port, options))],
] as const)('over %s', (_, openAt) => {
  test.each([
    ['overwrite', 'done'],
    ['overwrite', 'lost'],
    ['merge', 'done'],
    ['merge', 'lost'],
  ] as const)('%s: a save that was %s does not bring back a session', async (onConflict, fate) => {
    let proxy = await startProxy({ port: redis.port })
    let open = await openAt(proxy.port)
    onTestFinished(async () => {
      open.close()
      await proxy.stop()
    })
    let storage = createRedisSessionStorage({ client: open.client, onConflict, timeout: 5000 })
    let id = await stored(storage, 'old')
    let session = await storage.read(id)
    // The first one that merges also finds out what the server knows.
    session.set('value', 'older')
    await storage.save(session)
    session.set('value', 'new')
    let side = fate === 'done' ? ('server' as const) : ('client' as const)
    proxy.holdFrom(side)
    let saved = storage.save(session)
    await proxy.held(side)
    proxy.reset()
    let done = await redis.side.get(`session:${id}`)
    expect(done!.includes('new')).toBe(fate === 'done')
    // As another process would.
    await redis.side.del(`session:${id}`)

    expect(await saved).toBe(null)
    expect(await valueOf(storage, id)).toBe(undefined)
  })
})
