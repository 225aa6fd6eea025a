/** `@remix-run/session-storage-redis` over each client that an app could give it. */
import type { createRedisSessionStorage } from '@remix-run/session-storage-redis'
import type { Cluster, Redis } from 'ioredis'

import { TTL, type Contender } from './contender.ts'

type Create = typeof createRedisSessionStorage

export const nodeRedis: Contender = {
  name: 'node-redis',
  kind: 'peer',
  packages: ['redis'],
  async load() {
    let [create, { createClient }] = await Promise.all([importOriginal(), import('redis')])
    return (url) => {
      let client = createClient({ url })
      return {
        storage: create(client, { ttl: TTL }),
        connect: async () => void (await client.connect()),
        close: () => client.destroy(),
      }
    }
  },
}

export const ioredis = overIoredis('ioredis', 'ioredis', false)
export const ioredisAuto = overIoredis('ioredis, auto-pipelining', 'ioredis', true)
export const iovalkeyAuto = overIoredis('iovalkey, auto-pipelining', 'iovalkey', true)

/** iovalkey is a fork of ioredis, and has its interface. */
function overIoredis(
  name: string,
  library: 'ioredis' | 'iovalkey',
  enableAutoPipelining: boolean,
): Contender {
  return {
    name,
    kind: 'peer',
    packages: [library],
    async load() {
      let [create, { Redis }] = await Promise.all([
        importOriginal(),
        import(library) as Promise<typeof import('ioredis')>,
      ])
      return (url) => {
        let client = new Redis(url, { enableAutoPipelining })
        return {
          storage: create(ioredisContract(client), { ttl: TTL }),
          connect: async () => void (await client.ping()),
          close: () => client.disconnect(),
        }
      }
    },
  }
}

export function ioredisContract(client: Redis | Cluster) {
  return {
    get: (key: string) => client.get(key),
    set: (key: string, value: string) => client.set(key, value),
    setEx: (key: string, seconds: number, value: string) => client.setex(key, seconds, value),
    del: (key: string) => client.del(key),
  }
}

type Glide = typeof import('@valkey/valkey-glide')

export const glide = overGlide(({ GlideClient }) => GlideClient)

/** @param choose Which of the two kinds of clients it is */
export function overGlide(
  choose: (library: Glide) => Glide['GlideClient'] | Glide['GlideClusterClient'],
): Contender {
  return {
    name: 'valkey-glide',
    kind: 'peer',
    packages: ['@valkey/valkey-glide'],
    async load() {
      let [create, library] = await Promise.all([importOriginal(), import('@valkey/valkey-glide')])
      let { Logger, TimeUnit } = library
      Logger.setLoggerConfig('off')
      return (...urls) => {
        // The limits are those of our storage: glide's own quarter of a second is short for 256 large
        // sessions at once, and it refuses more than 1000 requests in flight.
        let opening = choose(library).createClient({
          addresses: urls
            .map((url) => new URL(url))
            .map(({ hostname, port }) => ({ host: hostname, port: Number(port) })),
          requestTimeout: 2000,
          inflightRequestsLimit: 10_000,
        })
        let client: Awaited<typeof opening>
        let contract = {
          get: (key: string) => client.get(key) as Promise<string | null>,
          set: (key: string, value: string) => client.set(key, value),
          setEx: (key: string, seconds: number, value: string) =>
            client.set(key, value, { expiry: { type: TimeUnit.Seconds, count: seconds } }),
          del: (key: string) => client.del([key]),
        }
        return {
          storage: create(contract, { ttl: TTL }),
          connect: async () => {
            client = await opening
          },
          close: () => client.close(),
        }
      }
    },
  }
}

/** What the work costs when the network costs nothing. */
export const map: Contender = {
  name: 'Map, no network',
  kind: 'floor',
  packages: [],
  async load() {
    let create = await importOriginal()
    return () => {
      let sessions = new Map<string, string>()
      let contract = {
        get: (key: string) => sessions.get(key) ?? null,
        set: (key: string, value: string) => sessions.set(key, value),
        setEx: (key: string, _seconds: number, value: string) => sessions.set(key, value),
        del: (key: string) => sessions.delete(key),
      }
      return {
        storage: create(contract, { ttl: TTL }),
        connect: async () => {},
        close: () => sessions.clear(),
        fill(ids: string[], text: string) {
          sessions.clear()
          for (let id of ids) sessions.set(`session:${id}`, text)
        },
        textOf: (id: string) => sessions.get(`session:${id}`),
      }
    }
  },
}

export async function importOriginal(): Promise<Create> {
  return (await import('@remix-run/session-storage-redis')).createRedisSessionStorage
}
