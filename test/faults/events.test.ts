import { afterEach, beforeEach, expect, test } from 'vitest'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'

import { createRedisSessionStorage } from '../../dist/index.js'
import { startProxy, type Proxy } from '../support/proxy.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

let redis: TestRedis
let proxy: Proxy
let told: [string, unknown][]

function listen(message: unknown, name: string | symbol) {
  told.push([String(name).replace('remix-session-storage-redis:', ''), message])
}

const NAMES = ['connect', 'disconnect', 'reconnect', 'topology'].map(
  (name) => `remix-session-storage-redis:${name}`,
)

beforeEach(async () => {
  redis = await startRedis()
  proxy = await startProxy(redis)
  told = []
  for (let name of NAMES) subscribe(name, listen)
})

afterEach(async () => {
  for (let name of NAMES) unsubscribe(name, listen)
  await proxy.stop()
  await redis.stop()
})

/** Resolves when something of this name was told. */
async function toldOf(name: string): Promise<unknown> {
  for (;;) {
    let found = told.find(([event]) => event === name)
    if (found !== undefined) return found[1]
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('connections that come, break and come back are told of, without secrets', async () => {
  let url = proxy.url.replace('redis://', 'redis://default:hunter2@')
  await redis.side.sendCommand(['CONFIG', 'SET', 'requirepass', 'hunter2'])
  await using storage = createRedisSessionStorage({ url, timeout: 1000 })
  let address = proxy.url

  await storage.ping()
  expect(await toldOf('connect')).toEqual({ address, attempt: 1 })

  await proxy.refuse()
  let { cause, ...lost } = (await toldOf('disconnect')) as { cause: string }
  expect(lost).toEqual({ address })
  expect(cause).toMatch(/closed|reset/)

  told = []
  let ping = storage.ping()
  let failed = (await toldOf('reconnect')) as Record<string, unknown>
  expect(failed).toMatchObject({ address, attempt: 1, cause: expect.stringMatching(/refused/) })
  expect(failed['delay']).toBeGreaterThan(0)
  await proxy.accept()
  await ping
  expect(await toldOf('connect')).toEqual({ address, attempt: expect.any(Number) })
  expect(JSON.stringify(told)).not.toContain('hunter2')
})

test('a listener that throws breaks nothing', async () => {
  let errors: unknown[] = []
  let onError = (error: unknown) => errors.push(error)
  process.on('uncaughtException', onError)
  let fail = () => {
    throw new Error('of the listener')
  }
  subscribe(NAMES[0]!, fail)
  try {
    await using storage = createRedisSessionStorage({ url: proxy.url })
    await storage.ping()
  } finally {
    unsubscribe(NAMES[0]!, fail)
    await new Promise((resolve) => setTimeout(resolve, 20))
    process.off('uncaughtException', onError)
  }
  expect(errors.map(String)).toEqual(['Error: of the listener'])
})
