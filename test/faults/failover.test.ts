/** What users see when the Redis behind one address is demoted, and another one takes its place. */
import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { failure, stored, valueOf } from '../support/failure.ts'
import { startProxy, type Proxy } from '../support/proxy.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

let old: TestRedis
let promoted: TestRedis
let target: { port: number }
let proxy: Proxy
let storage: ReturnType<typeof createRedisSessionStorage>

beforeEach(async () => {
  let args = ['--repl-diskless-sync-delay', '0']
  old = await startRedis({ args })
  promoted = await startRedis({ args })
  target = { port: old.port }
  proxy = await startProxy(target)
  storage = createRedisSessionStorage({ url: proxy.url, timeout: 1000 })
})
afterEach(async () => {
  await storage.close()
  await proxy.stop()
  await old.stop()
  await promoted.stop()
})

async function replicate(from: TestRedis, to: TestRedis) {
  await to.side.sendCommand(['REPLICAOF', '127.0.0.1', String(from.port)])
  await expect
    .poll(() => to.side.info('replication'), { timeout: 10_000 })
    .toContain('master_link_status:up')
}

/** As Sentinel or a managed service does it: connections to the old primary stay as they are. */
async function failOver() {
  await replicate(old, promoted)
  await promoted.side.sendCommand(['REPLICAOF', 'NO', 'ONE'])
  await replicate(promoted, old)
  target.port = promoted.port
}

test('writes go to the new primary soon, and reads never fail', async () => {
  let id = await stored(storage, 0)
  await failOver()

  let isOver = false
  let reads = (async () => {
    let count = 0
    while (!isOver) {
      expect(await valueOf(storage, id)).toEqual(expect.any(Number))
      count++
    }
    return count
  })()
  let session = await storage.read(id)
  session.set('value', 1)
  let refused: string[] = []
  let start = performance.now()
  while (performance.now() - start < 3000) {
    try {
      expect(await storage.save(session)).toBe(id)
      break
    } catch (error) {
      refused.push((error as { reply: string }).reply)
    }
  }
  isOver = true

  // None at all where a read has noticed it first.
  expect(refused.filter((reply) => reply !== 'READONLY')).toEqual([])
  expect(performance.now() - start).toBeLessThan(1500)
  expect(await reads).toBeGreaterThan(0)
  expect(await promoted.side.get(`session:${id}`)).toContain('"value":1')
  expect(proxy.connections).toBe(2)
  expect(proxy.open).toBe(1)
})

test('where nobody takes its place, it is looked up again at a pace that hurts nobody', async () => {
  let id = await stored(storage, 'here')
  await old.side.sendCommand(['REPLICAOF', '127.0.0.1', '1'])
  let start = performance.now()
  while (performance.now() - start < 1500) {
    expect(await valueOf(storage, id)).toBe('here')
    let session = await storage.read(id)
    session.set('value', 'new')
    expect((await failure(storage.save(session))).error.reply).toBe('READONLY')
  }

  expect(proxy.connections).toBeGreaterThan(2)
  expect(proxy.connections).toBeLessThan(15)
  await old.side.sendCommand(['REPLICAOF', 'NO', 'ONE'])
  let session = await storage.read(id)
  session.set('value', 'new')
  expect(await storage.save(session)).toBe(id)
})

test('a session that is regenerated meanwhile is whole on one side or the other', async () => {
  let id = await stored(storage, 'here')
  await failOver()
  let session = await storage.read(id)
  session.regenerateId(true)
  let saved: string | null = null
  while (saved === null) saved = await storage.save(session).catch(() => null)

  expect(saved).toBe(session.id)
  expect(await valueOf(storage, session.id)).toBe('here')
  expect(await promoted.side.exists(`session:${id}`)).toBe(0)
})
