/** Every way in which sessions can reach Redis, for suites that all of them have to pass. */
import {
  createRedisSessionStorage,
  type RedisSessionStorage,
  type SessionOptions,
} from 'remix-session-storage-redis'

import * as apps from './clients.ts'
import type { Client } from './clients.ts'
import { IS_CLUSTER, OTHER_SERVER, TESTED_CLIENTS, type TestRedis } from './redis.ts'

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

function withClient({ name, isMinimal, keepsNoOrder, open }: Client): Backend {
  return {
    name,
    isAtomic: !isMinimal,
    keepsNoOrder,
    async create(redis, options) {
      let { client, close } = await open(redis)
      let storage = createRedisSessionStorage({ client, ...options })
      return {
        storage,
        async close() {
          await storage.close()
          close()
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

const overClients = apps.clients.map(withClient)

export const nodeRedis = withClient(apps.nodeRedis)

export const ioredis = withClient(apps.ioredis)

function chosen(): Backend[] {
  if (TESTED_CLIENTS !== undefined) return overClients
  // On another server, one of each kind is enough: what differs is what the server says to them.
  if (OTHER_SERVER) return [native, nodeRedis]
  let withUrls = [native, withUrl('url, 4 connections', 4)]
  // On a cluster of one node, only storages differ that are told that it is one.
  return IS_CLUSTER ? withUrls : [...withUrls, ...overClients]
}

export const backends = chosen()
