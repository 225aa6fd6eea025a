/**
 * This package over a URL and over clients, overwriting and merging, and as another checkout has it. It is
 * the checkout's `dist/`, as npm would install it.
 */
import { pathToFileURL } from 'node:url'
import path from 'node:path'

import { TTL, type Contender } from './contender.ts'

type Package = typeof import('../../dist/index.js')
type UrlOptions = import('../../dist/index.js').UrlOptions

const ROOT = path.join(import.meta.dirname, '../..')

/** What all of ours are given. */
const COMMON = { ttl: TTL }

/** As the peers do, so that the comparison is like for like. */
export const OVERWRITING = { ...COMMON, onConflict: 'overwrite' } as const

/** The default. */
export const MERGING = COMMON

export type Options = typeof OVERWRITING | typeof MERGING

export const url = withUrl('ours', OVERWRITING)
export const urlMerging = withUrl('ours, merging', MERGING)

function withUrl(name: string, options: Options): Contender {
  return overUrls(name, ([url = '']) => ({ url, ...options }))
}

/** @param optionsFor returns the options of a storage on the servers at these URLs */
export function overUrls(name: string, optionsFor: (urls: string[]) => UrlOptions): Contender {
  return {
    name,
    kind: 'ours',
    packages: [],
    async load() {
      let { createRedisSessionStorage } = await importPackage()
      return (...urls) => {
        let storage = createRedisSessionStorage(optionsFor(urls))
        return { storage, connect: () => storage.connect(), close: () => storage.close() }
      }
    },
  }
}

/** @param folder is the root of a checkout that has been built */
export function before(folder: string): Contender {
  return {
    name: 'before',
    kind: 'before',
    packages: [],
    async load() {
      let ofBefore = await importFrom(folder)
      return (url) => {
        let storage = createOverwriting(ofBefore, url)
        return { storage, connect: () => storage.connect(), close: () => storage.close() }
      }
    },
  }
}

/** A version that does not know the option yet refuses it, and overwrites. */
function createOverwriting({ createRedisSessionStorage }: Package, url: string) {
  try {
    return createRedisSessionStorage({ url, ...OVERWRITING })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return createRedisSessionStorage({ url, ...COMMON })
  }
}

export const overNodeRedis = withNodeRedis('ours over node-redis', OVERWRITING)
export const overNodeRedisMerging = withNodeRedis('ours over node-redis, merging', MERGING)

function withNodeRedis(name: string, options: Options): Contender {
  return {
    name,
    kind: 'ours',
    packages: ['redis'],
    async load() {
      let [{ createRedisSessionStorage }, { createClient }] = await Promise.all([
        importPackage(),
        import('redis'),
      ])
      return (url) => {
        let client = createClient({ url })
        return {
          storage: createRedisSessionStorage({ client, ...options }),
          connect: async () => void (await client.connect()),
          close: () => client.destroy(),
        }
      }
    },
  }
}

export const overIoredis = withIoredis('ours over ioredis', OVERWRITING)
export const overIoredisMerging = withIoredis('ours over ioredis, merging', MERGING)

function withIoredis(name: string, options: Options): Contender {
  return {
    name,
    kind: 'ours',
    packages: ['ioredis'],
    async load() {
      let [{ createRedisSessionStorage }, { Redis }] = await Promise.all([
        importPackage(),
        import('ioredis'),
      ])
      return (url) => {
        let client = new Redis(url)
        return {
          storage: createRedisSessionStorage({ client, ...options }),
          connect: async () => void (await client.ping()),
          close: () => client.disconnect(),
        }
      }
    },
  }
}

function importPackage(): Promise<Package> {
  return importFrom(ROOT)
}

function importFrom(folder: string): Promise<Package> {
  return import(pathToFileURL(path.join(folder, 'dist/index.js')).href)
}
