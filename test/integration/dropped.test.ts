/** A storage that nobody uses any more takes its thread and connections along, also if nobody closes it. */
import { readdirSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import v8 from 'node:v8'
import vm from 'node:vm'
import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import { stored } from '../support/failure.ts'
import { startProxy } from '../support/proxy.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

v8.setFlagsFromString('--expose-gc')
const collectGarbage: () => void = vm.runInNewContext('gc')

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

/** How many threads and descriptors this process has. */
function used(): { threads: number; descriptors: number } {
  return {
    threads: readdirSync('/proc/self/task').length,
    descriptors: readdirSync('/proc/self/fd').length,
  }
}

async function collect(): Promise<void> {
  collectGarbage()
  await setImmediate()
}

test('two hundred storages that were used and dropped leave no thread and no descriptor', async () => {
  await use(5)
  await vi.waitFor(async () => {
    await collect()
    expect(await connections()).toBe(1)
  })
  let before = used()
  await use(200)

  expect(used().threads).toBeGreaterThan(before.threads + 100)
  await vi.waitFor(
    async () => {
      await collect()
      let after = used()
      expect(after.threads).toBeLessThanOrEqual(before.threads)
      expect(after.descriptors).toBeLessThanOrEqual(before.descriptors)
    },
    { timeout: 10_000 },
  )
  expect(await connections()).toBe(1)
})

test('one that is dropped while a request is under way ends that', async () => {
  let id = await stored(createRedisSessionStorage({ url: redis.url }), 'here')
  let proxy = await startProxy(redis)
  try {
    proxy.hold(true)
    let onTheWay = proxy.held('client')
    let read = createRedisSessionStorage({ url: proxy.url, timeout: 10_000 }).read(id)
    await onTheWay
    for (let round = 0; round < 5; round++) await collect()
    await proxy.release()
    expect((await read).get('value')).toBe('here')
  } finally {
    await proxy.stop()
  }
})

async function use(count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, () => createRedisSessionStorage({ url: redis.url }).ping()),
  )
}

/** How many connections Redis has, that of the test included. */
async function connections(): Promise<number> {
  let clients = await redis.side.info('clients')
  return Number(/connected_clients:(\d+)/.exec(clients)![1])
}
