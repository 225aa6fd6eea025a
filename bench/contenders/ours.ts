/** This package, in its three forms. It is the checkout's `dist/`, as npm would install it. */
import { TTL, type Contender } from './contender.ts'

const DIST = '../../dist/index.js'

export const url: Contender = {
  name: 'ours',
  kind: 'ours',
  packages: [],
  async load() {
    let { createRedisSessionStorage } = await importOurs()
    return (url) => {
      let storage = createRedisSessionStorage({ url, ttl: TTL })
      return { storage, connect: () => storage.connect(), close: () => storage.close() }
    }
  },
}

export const overNodeRedis: Contender = {
  name: 'ours over node-redis',
  kind: 'ours',
  packages: ['redis'],
  async load() {
    let [{ createRedisSessionStorage }, { createClient }] = await Promise.all([
      importOurs(),
      import('redis'),
    ])
    return (url) => {
      let client = createClient({ url })
      let storage = createRedisSessionStorage({ client, ttl: TTL })
      return {
        storage,
        connect: async () => void (await client.connect()),
        close: () => client.destroy(),
      }
    }
  },
}

export const overIoredis: Contender = {
  name: 'ours over ioredis',
  kind: 'ours',
  packages: ['ioredis'],
  async load() {
    let [{ createRedisSessionStorage }, { Redis }] = await Promise.all([
      importOurs(),
      import('ioredis'),
    ])
    return (url) => {
      let client = new Redis(url)
      let storage = createRedisSessionStorage({ client, ttl: TTL })
      return {
        storage,
        connect: async () => void (await client.ping()),
        close: () => client.disconnect(),
      }
    }
  },
}

function importOurs(): Promise<typeof import('../../dist/index.js')> {
  return import(DIST)
}
