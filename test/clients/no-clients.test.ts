/** What looks like a client and is none is refused, rather than losing every session. */
import { Batch } from '@valkey/valkey-glide'
import { createSession } from '@remix-run/session'
import { runInNewContext } from 'node:vm'
import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { createClient, createClientPool, createCluster } from 'redis'
import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { describe, expect, test } from 'vitest'

const lazy = { lazyConnect: true }
const rootNodes = [{ url: 'redis://localhost' }]

/** A client of node-redis 4 in legacy mode, as far as it can be told from others. */
function inLegacyMode() {
  let client = createClient()
  let legacy = client.legacy()
  return Object.assign(Object.create(client), legacy, { v4: client })
}

describe('is refused at creation, with what to pass instead', () => {
  test.each<[what: string, client: () => object, message: RegExp]>([
    ['legacy() of node-redis', () => createClient().legacy(), /legacy\(\).*pass the client itself/],
    ['legacyMode of node-redis 4', inLegacyMode, /legacy mode.*pass client\.v4/],
    ['multi() of node-redis', () => createClient().multi(), /multi\(\).*client that made it/],
    ['multi() of its pool', () => createClientPool().multi(), /multi\(\)/],
    ['multi() of its cluster', () => createCluster({ rootNodes }).multi(), /multi\(\)/],
    ['pipeline() of ioredis', () => new Redis(lazy).pipeline(), /pipeline.*client that made it/],
    ['multi() of ioredis', () => new Redis(lazy).multi(), /pipeline or transaction/],
    ['pipeline() of iovalkey', () => new Valkey(lazy).pipeline(), /pipeline or transaction/],
    ['a batch of valkey-glide', () => new Batch(false), /batch.*pass a client/],
  ])('%s', (_, make, message) => {
    let create: any = createRedisSessionStorage
    for (let args of [[{ client: make() }], [make()], [make(), { ttl: 60 }]]) {
      expect(() => create(...args)).toThrow(TypeError)
      expect(() => create(...args)).toThrow(message)
    }
  })
})

describe('is refused as soon as it shows', () => {
  const OK = { set: () => 'OK', del: () => 1, expire: () => 1 }

  test.each<[what: string, reply: unknown]>([
    ['an array, as of a client that parses JSON', [{ card: 4111 }, {}]],
    ['an object', { card: 4111 }],
    ['a number', 4111],
    ['a boolean', true],
    ['a function', () => 4111],
  ])('a get() that answers with %s', async (_, reply) => {
    let storage = createRedisSessionStorage({
      client: { ...OK, get: async () => reply as string },
      onCorrupt: 'discard',
      onUnavailable: 'anonymous',
    })
    let error = await storage.read('id').catch((error: unknown) => error)

    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(/"client" answered get\(\) with an? .*Pass a client/)
    expect((error as Error).message).not.toContain('4111')
  })

  test.each(['set', 'del', 'setEx'])(
    'a %s() that answers with an object to go on with',
    async (method) => {
      let client = { ...OK, get: () => null, [method]: () => client } as any
      let storage = createRedisSessionStorage({ client })
      let session = createSession()
      session.set('value', 'here')
      if (method === 'del') session.destroy()

      await expect(storage.save(session)).rejects.toThrow(
        `"client" answered ${method}() with an object`,
      )
    },
  )

  test.each<[what: string, reply: unknown]>([
    ['bytes', Buffer.from('[{"value":"here"},{}]')],
    ['bytes of another kind', new Uint8Array(Buffer.from('[{"value":"here"},{}]'))],
    [
      'bytes of another realm',
      runInNewContext('Uint8Array').from(Buffer.from('[{"value":"here"},{}]')),
    ],
    ['a part of a buffer', new Uint8Array(Buffer.from('..[{"value":"here"},{}].')).subarray(2, -1)],
    ['a string', '[{"value":"here"},{}]'],
  ])('but not a get() that answers with %s', async (_, reply) => {
    let storage = createRedisSessionStorage({ client: { ...OK, get: () => reply as string } })

    expect((await storage.read('id')).get('value')).toBe('here')
  })

  test.each([null, undefined])('but not a get() that answers with %s', async (reply) => {
    let storage = createRedisSessionStorage({ client: { ...OK, get: () => reply } })

    expect((await storage.read('id')).size).toBe(0)
  })
})
