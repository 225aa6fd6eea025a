/** Every way in which sessions can reach Redis, for suites that all of them have to pass. */
import { GlideClient, Logger } from '@valkey/valkey-glide'
import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { createClient, createClientPool } from 'redis'
import {
  createRedisSessionStorage,
  type ClientOptions,
  type ExpiringRedisClient,
  type RedisClient,
  type RedisSessionStorage,
  type SessionOptions,
} from 'remix-session-storage-redis'

import { IS_CLUSTER, OTHER_SERVER, type TestRedis } from './redis.ts'

Logger.setLoggerConfig('off')

export interface Backend {
  name: string
  /** Whether one command does what one verb says: `GETEX`, `SET … XX`. */
  isAtomic: boolean
  /** Whether commands of one session wait for each other's replies, because the client does not keep their order. */
  keepsNoOrder?: boolean
  create(redis: TestRedis, options?: SessionOptions): Promise<OpenStorage>
}

export interface OpenStorage {
  storage: RedisSessionStorage
  /** Closes the storage, and a client that it was given. */
  close(): Promise<void>
}

export async function nodeRedisClient(url: string) {
  let client = createClient({ url })
  client.on('error', () => {})
  return client.connect()
}

/** Only these methods of a client, as a foreign client might have them. */
async function minimal(redis: TestRedis, methods: (keyof RedisClient)[]) {
  let client = await nodeRedisClient(redis.url)
  let object = Object.fromEntries(
    methods.map((name) => [name, (...args: any[]) => (client as any)[name](...args)]),
  ) as unknown as ExpiringRedisClient
  return { client: object, end: () => client.destroy() }
}

function withClient(
  name: string,
  isAtomic: boolean,
  open: (redis: TestRedis) => Promise<{ client: ClientOptions['client']; end: () => void }>,
): Backend {
  return {
    name,
    isAtomic,
    async create(redis, options) {
      let { client, end } = await open(redis)
      let storage = createRedisSessionStorage({ client, ...options })
      return {
        storage,
        async close() {
          await storage.close()
          end()
        },
      }
    },
  }
}

function withUrl(name: string, connections: number): Backend {
  return {
    name,
    isAtomic: true,
    async create(redis, options) {
      let cluster = IS_CLUSTER
      let storage = createRedisSessionStorage({ url: redis.url, cluster, connections, ...options })
      await storage.connect()
      return { storage, close: () => storage.close() }
    },
  }
}

export const native = withUrl('url', 1)

export const nodeRedis = withClient('node-redis', true, async (redis) => {
  let client = await nodeRedisClient(redis.url)
  return { client, end: () => client.destroy() }
})

export const nodeRedisPool: Backend = {
  ...withClient('node-redis, pool', true, async (redis) => {
    let client = createClientPool({ url: redis.url })
    client.on('error', () => {})
    await client.connect()
    return { client, end: () => client.destroy() }
  }),
  keepsNoOrder: true,
}

export const ioredis = withClient('ioredis', true, async (redis) => {
  let client = new Redis(redis.port)
  client.on('error', () => {})
  await client.ping()
  return { client, end: () => client.disconnect() }
})

export const valkeyGlide: Backend = {
  ...withClient('valkey-glide', true, async (redis) => {
    let client = await GlideClient.createClient({
      addresses: [{ host: '127.0.0.1', port: redis.port }],
      inflightRequestsLimit: 20_000,
      // Not its 250 ms, which a busy machine may take.
      requestTimeout: 5000,
    })
    return { client, end: () => client.close() }
  }),
  keepsNoOrder: true,
}

const all: Backend[] = [
  native,
  withUrl('url, 4 connections', 4),
  nodeRedis,
  nodeRedisPool,
  ioredis,
  withClient('iovalkey', true, async (redis) => {
    let client = new Valkey(redis.port)
    await client.ping()
    return { client, end: () => client.disconnect() }
  }),
  valkeyGlide,
  withClient('minimal client with setEx and expire', false, (redis) =>
    minimal(redis, ['get', 'set', 'del', 'setEx', 'expire']),
  ),
  withClient('minimal client with expire', false, (redis) =>
    minimal(redis, ['get', 'set', 'del', 'expire']),
  ),
  withClient('minimal client with setEx', false, (redis) =>
    minimal(redis, ['get', 'set', 'del', 'setEx']),
  ),
]

/**
 * On another server, one of each kind is enough: what differs is what the server says to them. On a cluster of one node, only
 * storages differ that are told that it is one.
 */
export const backends = OTHER_SERVER ? [native, nodeRedis] : IS_CLUSTER ? all.slice(0, 2) : all
