/** The same on a Redis Cluster: this package, and the original over the client for clusters of each family. */
import { TTL, type Contender } from './contender.ts'
import { importOriginal, ioredisContract, overGlide } from './original.ts'
import { MERGING, OVERWRITING, overUrls, type Options } from './ours.ts'

/** By the keys that they have on one server. */
export const clusterContenders: Record<string, Contender> = {
  ours: ours('ours', OVERWRITING),
  'ours-merge': ours('ours, merging', MERGING),
  'node-redis': nodeRedis(),
  'ioredis-auto': ioredis(),
  glide: overGlide(({ GlideClusterClient }) => GlideClusterClient),
}

function ours(name: string, options: Options): Contender {
  return overUrls(name, (url) => ({ url, cluster: true, ...options }))
}

function nodeRedis(): Contender {
  return {
    name: 'node-redis',
    kind: 'peer',
    packages: ['redis'],
    async load() {
      let [create, { createCluster }] = await Promise.all([importOriginal(), import('redis')])
      return (...urls) => {
        let cluster = createCluster({ rootNodes: urls.map((url) => ({ url })) })
        return {
          storage: create(cluster, { ttl: TTL }),
          connect: async () => void (await cluster.connect()),
          close: () => cluster.destroy(),
        }
      }
    },
  }
}

function ioredis(): Contender {
  return {
    name: 'ioredis, auto-pipelining',
    kind: 'peer',
    packages: ['ioredis'],
    async load() {
      let [create, { Cluster }] = await Promise.all([importOriginal(), import('ioredis')])
      return (...urls) => {
        let cluster = new Cluster(urls, { enableAutoPipelining: true })
        return {
          storage: create(ioredisContract(cluster), { ttl: TTL }),
          connect: async () => void (await cluster.ping()),
          close: () => cluster.disconnect(),
        }
      }
    },
  }
}
