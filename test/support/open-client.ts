/** Opens clients of the app: a function for each family, by which tests open them with the options that they are about. */
import { GlideClient, GlideClusterClient, Logger } from '@valkey/valkey-glide'
import type { EventEmitter } from 'node:events'
import { createClient, createCluster, type RedisClusterOptions } from 'redis'
import type { ClientOptions } from 'remix-session-storage-redis'

Logger.setLoggerConfig('off')

export interface OpenClient {
  client: ClientOptions['client']
  /** Closes the client, unless it is closed. */
  close(): void
}

type AppClient = ClientOptions['client'] & Pick<EventEmitter, 'on'>

/** What clients, pools, clusters and sentinels of node-redis 4 to 6 have in common. */
type NodeRedis = AppClient & { connect(): Promise<unknown>; isOpen: boolean } & (
    { destroy(): unknown } | { disconnect(): Promise<unknown> }
  )

export async function openNodeRedis(client: NodeRedis): Promise<OpenClient> {
  client.on('error', () => {})
  await client.connect()
  return {
    client,
    close() {
      if (!client.isOpen) return
      // Those of node-redis 4 have no other.
      let closed = 'destroy' in client ? client.destroy() : client.disconnect()
      Promise.resolve(closed).catch(() => {})
    },
  }
}

export function nodeRedisClient(url: string) {
  let client = createClient({ url })
  client.on('error', () => {})
  return client.connect()
}

export function openNodeRedisCluster(
  urls: string[],
  options?: Partial<RedisClusterOptions>,
): Promise<OpenClient> {
  return openNodeRedis(createCluster({ rootNodes: urls.map((url) => ({ url })), ...options }))
}

/** What clients and clusters of ioredis 5 and 6, and of iovalkey, have in common. */
type LikeIoredis = AppClient & { ping(): Promise<unknown>; disconnect(): void }

export async function openLikeIoredis(client: LikeIoredis): Promise<OpenClient> {
  client.on('error', () => {})
  await client.ping()
  return { client, close: () => client.disconnect() }
}

type Options<client extends { createClient(options: any): unknown }> = Partial<
  Parameters<client['createClient']>[0]
>

export async function openGlide(
  url: string,
  options?: Options<typeof GlideClient>,
): Promise<OpenClient> {
  let client = await GlideClient.createClient({ addresses: [addressIn(url)], ...options })
  return { client, close: () => client.close() }
}

export async function openGlideCluster(
  urls: string[],
  options?: Options<typeof GlideClusterClient>,
): Promise<OpenClient> {
  let addresses = urls.map(addressIn)
  let client = await GlideClusterClient.createClient({ addresses, ...options })
  return { client, close: () => client.close() }
}

function addressIn(url: string) {
  return { host: '127.0.0.1', port: Number(new URL(url).port) }
}
