/**
 * This package, in its three forms and as another checkout has it. It is the checkout's `dist/`, as npm
 * would install it.
 */
import { pathToFileURL } from 'node:url'
import path from 'node:path'

import { TTL, type Contender } from './contender.ts'

const ROOT = path.join(import.meta.dirname, '../..')

export const url = withUrl('ours', ROOT)

/** @param folder is the root of a checkout that has been built */
export function before(folder: string): Contender {
  return withUrl('before', folder)
}

function withUrl(name: 'ours' | 'before', folder: string): Contender {
  return {
    name,
    kind: name,
    packages: [],
    async load() {
      let { createRedisSessionStorage } = await importFrom(folder)
      return (url) => {
        let storage = createRedisSessionStorage({ url, ttl: TTL })
        return { storage, connect: () => storage.connect(), close: () => storage.close() }
      }
    },
  }
}

export const overNodeRedis: Contender = {
  name: 'ours over node-redis',
  kind: 'ours',
  packages: ['redis'],
  async load() {
    let [{ createRedisSessionStorage }, { createClient }] = await Promise.all([
      importFrom(ROOT),
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
      importFrom(ROOT),
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

function importFrom(folder: string): Promise<typeof import('../../dist/index.js')> {
  return import(pathToFileURL(path.join(folder, 'dist/index.js')).href)
}
