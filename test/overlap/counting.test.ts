/** Two hundred requests of one visitor, each with a key of its own: afterwards all of them are there. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type RedisSessionStorage } from 'remix-session-storage-redis'

import { backends, native } from '../support/backends.ts'
import { stored } from '../support/failure.ts'
import { startProxy } from '../support/proxy.ts'
import { servers, startRedis, type TestRedis } from '../support/redis.ts'

const PACKAGE = new URL('../../dist/index.js', import.meta.url).href
const REQUESTS = 200

type Backend = (typeof backends)[number]

let merging = backends.filter(({ isAtomic }) => isAtomic)
let pairs = merging.map((backend): [string, Backend, Backend] => [backend.name, backend, native])

describe.each(servers)('on $name', ({ binary }) => {
  let redis: TestRedis
  beforeAll(async () => {
    redis = await startRedis({ binary: binary() })
  })
  afterAll(() => redis.stop())

  async function opened(backend: Backend, to = redis): Promise<RedisSessionStorage> {
    let open = await backend.create(to, { onConflict: 'merge', timeout: 10_000 })
    onTestFinished(() => open.close())
    return open.storage
  }

  /** Makes the requests at once, in turn over each of the storages. */
  async function count(storages: RedisSessionStorage[]): Promise<void> {
    let id = await stored(await opened(native), 'here')
    await Promise.all(
      Array.from({ length: REQUESTS }, async (_, index) => {
        let storage = storages[index % storages.length]!
        let session = await storage.read(id)
        session.set(`key-${index}`, index)
        expect(await storage.save(session)).toBe(id)
      }),
    )
    await expectAll(id)
  }

  async function expectAll(id: string): Promise<void> {
    let [values] = JSON.parse((await redis.side.get(`session:${id}`))!)
    let keys = Array.from({ length: REQUESTS }, (_, index) => `key-${index}`)
    expect(Object.keys(values).toSorted()).toEqual(['value', ...keys].toSorted())
  }

  test.each(pairs)('over two clients: %s and a URL', async (_, one, other) => {
    await count([await opened(one), await opened(other)])
  })

  test('over connections that break', async () => {
    let proxy = await startProxy(redis)
    onTestFinished(() => proxy.stop())
    let behind = await opened(native, { ...redis, port: proxy.port, url: proxy.url })
    let cuts = setInterval(() => proxy.cut(), 10)
    try {
      await count([behind, await opened(native)])
    } finally {
      clearInterval(cuts)
    }
  })

  test('over two processes', async () => {
    let id = await stored(await opened(native), 'here')
    let script = `
      import { createRedisSessionStorage } from ${JSON.stringify(PACKAGE)}
      let [url, id, first] = process.argv.slice(1)
      let storage = createRedisSessionStorage({ url, onConflict: 'merge', timeout: 10_000 })
      await storage.connect()
      await Promise.all(Array.from({ length: ${REQUESTS / 2} }, async (_, index) => {
        let session = await storage.read(id)
        let number = 2 * index + Number(first)
        session.set('key-' + number, number)
        if ((await storage.save(session)) !== id) throw new Error('not saved')
      }))
      await storage.close()
    `
    let run = (first: string) =>
      promisify(execFile)(process.execPath, [
        ...['--input-type=module', '--eval', script],
        ...[redis.url, id, first],
      ])
    await Promise.all([run('0'), run('1')])
    await expectAll(id)
  })
})
