/** What has the methods of a client and is none, of majors and makers that are not among the root's `devDependencies`. */
import { createRedisSessionStorage, type ClientOptions } from '../../dist/index.js'
import { describe, expect, test } from 'vitest'

import { stored } from '../support/failure.ts'
import { startRedis } from '../support/redis.ts'
import { startUpstashBridge } from '../support/upstash-bridge.ts'
import { ioredis5, redis4, redis5, Upstash } from './packages.ts'

let upstash = () => new Upstash({ url: 'http://localhost', token: 't0ken' })

describe('is refused', () => {
  test.each<[string, () => object, RegExp]>([
    ['node-redis 4 in legacy mode', () => redis4.createClient({ legacyMode: true }), /client\.v4/],
    ['multi() of node-redis 4', () => redis4.createClient().multi(), /multi\(\)/],
    ['multi() of node-redis 5', () => redis5.createClient().multi(), /multi\(\)/],
    ['legacy() of node-redis 5', () => redis5.createClient().legacy(), /legacy\(\)/],
    [
      'pipeline() of ioredis 5',
      () => new ioredis5.Redis({ lazyConnect: true }).pipeline(),
      /pipeline/,
    ],
    ['pipeline() of @upstash/redis', () => upstash().pipeline(), /pipeline.*upstash/],
    ['multi() of @upstash/redis', () => upstash().multi(), /transaction.*upstash/],
  ])('%s', (_, make, message) => {
    let client = make() as ClientOptions['client']
    expect(() => createRedisSessionStorage({ client })).toThrow(TypeError)
    expect(() => createRedisSessionStorage({ client })).toThrow(message)
  })

  test('@upstash/redis that parses JSON by itself, as soon as it does', async () => {
    let redis = await startRedis()
    let bridge = await startUpstashBridge(redis.url)
    let client = new Upstash({ url: bridge.url, token: bridge.token })
    let storage = createRedisSessionStorage({ client })
    let id = await stored(storage, 'here')

    await expect(storage.read(id)).rejects.toThrow(/an array.*automaticDeserialization: false/)
    await bridge.stop()
    await redis.stop()
  })
})
