/** Clients of the app that a test opens by itself, rather than as one of the backends. */
import { GlideClusterClient } from '@valkey/valkey-glide'
import { createCluster, type RedisClusterOptions } from 'redis'
import type { ClientOptions } from 'remix-session-storage-redis'

export interface OpenClient {
  client: ClientOptions['client']
  close(): void
}

export async function openNodeRedisCluster(
  urls: string[],
  options?: Partial<RedisClusterOptions>,
): Promise<OpenClient> {
  let client = createCluster({ rootNodes: urls.map((url) => ({ url })), ...options })
  client.on('error', () => {})
  await client.connect()
  return { client, close: () => client.destroy() }
}

type GlideOptions = Omit<Parameters<typeof GlideClusterClient.createClient>[0], 'addresses'>

export async function openGlideCluster(
  urls: string[],
  options?: GlideOptions,
): Promise<OpenClient> {
  let addresses = urls.map((url) => ({ host: '127.0.0.1', port: Number(new URL(url).port) }))
  let client = await GlideClusterClient.createClient({ addresses, ...options })
  return { client, close: () => client.close() }
}
