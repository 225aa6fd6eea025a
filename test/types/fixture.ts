/** Compiled by types.test.ts: each expected error must be one, and nothing else may be. */
import { createCookie } from '@remix-run/cookie'
import type { SessionStorage } from '@remix-run/session'
import { session } from '@remix-run/session-middleware'
import type { GlideClient, GlideClusterClient } from '@valkey/valkey-glide'
import { Cluster, Redis } from 'ioredis'
import { Cluster as ValkeyCluster, Redis as Valkey } from 'iovalkey'
import { createClient, createClientPool, createCluster, createSentinel, RESP_TYPES } from 'redis'
import {
  createRedisSessionStorage,
  RedisSessionStorageError,
  type RedisSessionStorage,
  type RedisSessionStorageClient,
  type RedisSessionStorageOptions,
} from 'remix-session-storage-redis'

let url = 'redis://localhost'
let cookie = createCookie('__session', { secrets: ['s3cret'] })

// The three forms, with every option.
let storage: RedisSessionStorage = createRedisSessionStorage({ url })
createRedisSessionStorage({
  url,
  ttl: 60,
  prefix: 'app:',
  rolling: false,
  maxLifetime: 3600,
  refreshCookie: true,
  useUnknownIds: true,
  onConflict: 'overwrite',
  onCorrupt: 'discard',
  onUnavailable: 'anonymous',
  timeout: 500,
  maxPending: 100,
  maxPendingBytes: 1_000_000,
  maxBytes: 1000,
  connections: 2,
  tls: { ca: '', cert: '', key: '', serverName: '', rejectUnauthorized: false },
})
let options: RedisSessionStorageOptions = { url: process.env['REDIS_URL']!, ttl: undefined }
createRedisSessionStorage(options)

// Real clients, without a cast.
for (let client of [createClient(), new Redis(), new Valkey()]) {
  createRedisSessionStorage({ client, ttl: 60 })
  createRedisSessionStorage(client, { keyPrefix: 'app:', ttl: 60, useUnknownIds: true })
}
let nodes = [{ host: 'localhost', port: 6379 }]
createRedisSessionStorage({ client: createClient({ RESP: 2 }) })
createRedisSessionStorage({
  client: createClient().withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }),
})
createRedisSessionStorage({ client: createClientPool() })
createRedisSessionStorage({ client: createCluster({ rootNodes: [{ url }] }) })
createRedisSessionStorage({ client: createSentinel({ name: 'main', sentinelRootNodes: nodes }) })
createRedisSessionStorage({ client: new Cluster(nodes) })
createRedisSessionStorage({ client: new ValkeyCluster(nodes) })
declare let glide: GlideClient | GlideClusterClient
createRedisSessionStorage({ client: glide, ttl: 60, onConflict: 'merge' })
createRedisSessionStorage(glide, { keyPrefix: 'app:' })
createRedisSessionStorage({
  client: {
    async get(key: string): Promise<string | null> {
      return key
    },
    set(key: string, value: string) {
      return key + value
    },
    del(key: string) {
      return key
    },
    expire: (key: string, seconds: number) => Promise.resolve(key.length + seconds),
  },
})

// Code that was written for @remix-run/session-storage-redis.
let dropInOptions: RedisSessionStorageOptions = { keyPrefix: 'app:' }
createRedisSessionStorage(createClient(), dropInOptions)
createRedisSessionStorage(createClient(), null)
createRedisSessionStorage(createClient(), { ttl: null, timeout: 500, maxPending: 100 })
export function wrapped(client: RedisSessionStorageClient, options?: RedisSessionStorageOptions) {
  return createRedisSessionStorage(client, options)
}

// Remix takes the storage as it is.
session(cookie, storage)
let remix: SessionStorage = storage
let id: Promise<string | null> = remix.read(null).then((read) => remix.save(read))

// What it adds.
let done: Promise<void>[] = [storage.connect(), storage.ping(), storage.close()]
async function scoped() {
  await using closing = createRedisSessionStorage({ url })
  return closing.read(null)
}
let error = new RedisSessionStorageError('TIMEOUT', 'late')
let code: 'CONNECT' | string = error.code
let reply: string | undefined = error.reply

export { code, done, id, reply, scoped }

// @ts-expect-error neither url nor client
createRedisSessionStorage({})
// @ts-expect-error both of them
createRedisSessionStorage({ url, client: createClient() })
// @ts-expect-error a url that is no string
createRedisSessionStorage({ url: 6379 })
// @ts-expect-error an option that does not exist
createRedisSessionStorage({ url, keyPrefix: 'app:' })
// @ts-expect-error a ttl that is no number
createRedisSessionStorage({ url, ttl: '60' })
// @ts-expect-error an option of the other form
createRedisSessionStorage(createClient(), { prefix: 'app:' })
// @ts-expect-error a limit that the original does not have
createRedisSessionStorage(createClient(), { maxBytes: 1000 })
// @ts-expect-error options of a client without the client
createRedisSessionStorage({ keyPrefix: 'app:' })
// @ts-expect-error connections of a client
createRedisSessionStorage({ client: createClient(), connections: 2 })
// @ts-expect-error tls of a client
createRedisSessionStorage({ client: createClient(), tls: {} })
// @ts-expect-error a tls option that does not exist
createRedisSessionStorage({ url, tls: { crt: '' } })
// @ts-expect-error a client without del
createRedisSessionStorage({ client: { get: () => null, set: () => null } })
// @ts-expect-error a client that cannot let a session expire
createRedisSessionStorage({ client: { get: () => null, set: () => null, del: () => null } })
// @ts-expect-error a client that parses JSON
createRedisSessionStorage({ client: { get: () => [{}, {}], set() {}, del() {}, expire() {} } })
// @ts-expect-error a transaction of node-redis
createRedisSessionStorage({ client: createClient().multi() })
// @ts-expect-error callbacks
createRedisSessionStorage({ client: createClient().legacy() })
// @ts-expect-error a pipeline of ioredis
createRedisSessionStorage({ client: new Redis().pipeline() })
// @ts-expect-error a code that does not exist
if (error.code === 'OOPS') throw error
