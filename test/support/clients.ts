/** Every client that an app may have, from the package that the app would have it from: each a line of a list. */
import { Cluster, Redis } from 'ioredis'
import { Cluster as ValkeyCluster, Redis as Valkey } from 'iovalkey'
import { createClient, createClientPool, createSentinel } from 'redis'
import type { ExpiringRedisClient, RedisClient } from 'remix-session-storage-redis'

import { ioredis5, redis4, redis5, Upstash } from '../majors/packages.ts'
import {
  nodeRedisClient,
  openGlide,
  openGlideCluster,
  openLikeIoredis,
  openNodeRedis,
  openNodeRedisCluster,
  type OpenClient,
} from './open-client.ts'
import { TESTED_CLIENTS, type TestRedis } from './redis.ts'
import { SENTINEL_NAME, sentinelOf } from './sentinel.ts'
import { startUpstashBridge } from './upstash-bridge.ts'

/** Where a server is, or what stands before it. */
export type Place = Pick<TestRedis, 'port' | 'url' | 'serverPort'>

export interface Client {
  name: string
  open(redis: Place): Promise<OpenClient>
  /** Whether commands of one session wait for each other's replies, because the client does not keep their order. */
  keepsNoOrder?: boolean
  /** Whether it sends what it has queued once it is connected again, also for callers who were told `TIMEOUT`, or may do so. */
  keepsQueue?: boolean
  /** Whether a verb takes several commands, because the client has none for `GETEX` or `SET … XX`. */
  isMinimal?: boolean
}

/** Opens one of a cluster, by the URLs of some of its nodes. */
export interface ClusterClient extends Pick<Client, 'name' | 'keepsQueue'> {
  openAt(urls: string[]): Promise<OpenClient>
}

const AUTO = { enableAutoPipelining: true }

/** Longer than the deadlines of any test: those of a storage are what is tested. And it queues as much as other clients. */
const GLIDE = { requestTimeout: 20_000, inflightRequestsLimit: 20_000 }

export const nodeRedis: Client = {
  name: 'node-redis',
  open: ({ url }) => openNodeRedis(createClient({ url })),
}

export const ioredis: Client = {
  name: 'ioredis',
  open: ({ port }) => openLikeIoredis(new Redis(port)),
}

/** All suites run over these: each package in its newest major, with and without order, with many methods and few. */
const KINDS: Client[] = [
  nodeRedis,
  {
    name: 'node-redis, pool',
    open: ({ url }) => openNodeRedis(createClientPool({ url })),
    keepsNoOrder: true,
  },
  ioredis,
  { name: 'iovalkey', open: ({ port }) => openLikeIoredis(new Valkey(port)) },
  {
    name: 'valkey-glide',
    open: ({ url }) => openGlide(url, GLIDE),
    keepsNoOrder: true,
    keepsQueue: true,
  },
  minimal('minimal client with setEx and expire', ['get', 'set', 'del', 'setEx', 'expire']),
  minimal('minimal client with expire', ['get', 'set', 'del', 'expire']),
  minimal('minimal client with setEx', ['get', 'set', 'del', 'setEx']),
]

/** `scripts/test/on-other-clients.js` has what a client can break tested over these, too. */
const OTHERS: Client[] = [
  { name: 'node-redis 4', open: ({ url }) => openNodeRedis(redis4.createClient({ url })) },
  { name: 'node-redis 4, client.v4', open: openV4, keepsQueue: true },
  { name: 'node-redis 5', open: ({ url }) => openNodeRedis(redis5.createClient({ url })) },
  {
    name: 'node-redis 5, pool',
    open: ({ url }) => openNodeRedis(redis5.createClientPool({ url })),
    keepsNoOrder: true,
  },
  {
    name: 'node-redis 5, sentinel',
    open: async (redis) => openNodeRedis(redis5.createSentinel(await nodeRedisSentinel(redis))),
    keepsNoOrder: true,
  },
  {
    name: 'node-redis, sentinel',
    open: async (redis) => openNodeRedis(createSentinel(await nodeRedisSentinel(redis))),
    keepsNoOrder: true,
  },
  { name: 'ioredis 5', open: ({ port }) => openLikeIoredis(new ioredis5.Redis(port)) },
  {
    name: 'ioredis 5, auto-pipelining',
    open: ({ port }) => openLikeIoredis(new ioredis5.Redis(port, AUTO)),
  },
  {
    name: 'ioredis 5, sentinel',
    open: async (redis) => openLikeIoredis(new ioredis5.Redis(await ioredisSentinel(redis))),
  },
  { name: 'ioredis, auto-pipelining', open: ({ port }) => openLikeIoredis(new Redis(port, AUTO)) },
  {
    name: 'ioredis, sentinel',
    open: async (redis) => openLikeIoredis(new Redis(await ioredisSentinel(redis))),
  },
  {
    name: 'iovalkey, auto-pipelining',
    open: ({ port }) => openLikeIoredis(new Valkey(port, AUTO)),
  },
  {
    name: 'iovalkey, sentinel',
    open: async (redis) => openLikeIoredis(new Valkey(await ioredisSentinel(redis))),
  },
  // What stands before Redis has a queue.
  { name: '@upstash/redis', open: openUpstash, keepsNoOrder: true, keepsQueue: true },
]

/** What differs over several nodes, `test/clients/clusters.test.ts` has besides. */
export const clusterClients: ClusterClient[] = [
  {
    name: 'node-redis 4, cluster',
    keepsQueue: true,
    openAt: (urls) =>
      openNodeRedis(redis4.createCluster({ rootNodes: urls.map((url) => ({ url })) })),
  },
  {
    name: 'node-redis 5, cluster',
    openAt: (urls) =>
      openNodeRedis(redis5.createCluster({ rootNodes: urls.map((url) => ({ url })) })),
  },
  { name: 'node-redis, cluster', openAt: (urls) => openNodeRedisCluster(urls) },
  { name: 'ioredis 5, cluster', openAt: (urls) => openLikeIoredis(new ioredis5.Cluster(urls)) },
  {
    name: 'ioredis 5, cluster, auto-pipelining',
    openAt: (urls) => openLikeIoredis(new ioredis5.Cluster(urls, AUTO)),
  },
  { name: 'ioredis, cluster', openAt: (urls) => openLikeIoredis(new Cluster(urls)) },
  {
    name: 'ioredis, cluster, auto-pipelining',
    openAt: (urls) => openLikeIoredis(new Cluster(urls, AUTO)),
  },
  { name: 'iovalkey, cluster', openAt: (urls) => openLikeIoredis(new ValkeyCluster(urls)) },
  {
    name: 'valkey-glide, cluster',
    openAt: (urls) => openGlideCluster(urls, GLIDE),
    keepsQueue: true,
  },
]

/** In Bun, where no other client is its own. */
const OF_BUN: Client[] = [{ name: 'Bun', open: openBun, keepsQueue: true }]

function ofClusters(): Client[] {
  return clusterClients.map(({ name, openAt }) => ({
    name,
    open: ({ url }) => openAt([url]),
    keepsNoOrder: true,
    // A node that starts again refuses for two seconds whatever is sent to it: `clusters.test.ts` has it break the network instead.
    keepsQueue: true,
  }))
}

/** Those that this run is about. */
export const clients = {
  kinds: KINDS,
  others: OTHERS,
  clusters: ofClusters(),
  bun: OF_BUN,
}[TESTED_CLIENTS ?? 'kinds']

/** Only these methods of a client, as a foreign client might have them. */
function minimal(name: string, methods: (keyof RedisClient)[]): Client {
  return {
    name,
    isMinimal: true,
    keepsQueue: true,
    async open({ url }) {
      let client = await nodeRedisClient(url)
      let object = Object.fromEntries(
        methods.map((method) => [method, (...args: any[]) => (client as any)[method](...args)]),
      ) as unknown as ExpiringRedisClient
      return { client: object, close: () => client.isOpen && client.destroy() }
    },
  }
}

async function openV4({ url }: Place): Promise<OpenClient> {
  let client = redis4.createClient({ url, legacyMode: true })
  client.on('error', () => {})
  await client.connect()
  return {
    client: client.v4 as OpenClient['client'],
    close: () => client.isOpen && void client.disconnect(),
  }
}

/** What a sentinel names is the server, and `port` may be that of something before it. */
function addressesOf({ port, serverPort }: Place) {
  return { [`127.0.0.1:${serverPort}`]: { host: '127.0.0.1', port } }
}

async function nodeRedisSentinel(redis: Place) {
  return {
    name: SENTINEL_NAME,
    sentinelRootNodes: [{ host: '127.0.0.1', port: await sentinelOf(redis.serverPort) }],
    nodeAddressMap: addressesOf(redis),
  }
}

async function ioredisSentinel(redis: Place) {
  return {
    name: SENTINEL_NAME,
    sentinels: [{ host: '127.0.0.1', port: await sentinelOf(redis.serverPort) }],
    natMap: addressesOf(redis),
  }
}

async function openUpstash(redis: Place): Promise<OpenClient> {
  let bridge = await startUpstashBridge(redis.url)
  let { url, token } = bridge
  let client = new Upstash({ url, token, automaticDeserialization: false, retry: false })
  return { client, close: () => void bridge.stop() }
}

async function openBun({ url }: Place): Promise<OpenClient> {
  // Node knows no module of this name, and neither do its types.
  let { RedisClient } = await import('bun' as string)
  let client = new RedisClient(url)
  await client.connect()
  return { client, close: () => client.close() }
}
