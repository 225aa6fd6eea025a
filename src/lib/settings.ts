/** Reads the options of a storage into settings that cannot be wrong. */
import { adapterOf } from './clients/client-families.ts'
import { checkExpires, type RedisClient } from './clients/redis-client.ts'
import { OPTIONS, type Form, type ValuesIn } from './option-table.ts'
import { refuseUnknown, wrongType } from './option-values.ts'
import type {
  ClientOptions,
  RedisSessionStorageOptions,
  SentinelOptions,
  TlsOptions,
  UrlOptions,
} from './options.ts'
import type { StoreSettings } from './store/session-store.ts'

/** The settings of the store, and those of the storage on top of it. */
export interface Settings {
  store: StoreSettings
  /** Seconds; `null` where a session lives as long as it is used. */
  maxLifetime: number | null
  refreshCookie: boolean
  useUnknownIds: boolean
  onConflict: 'overwrite' | 'merge'
  onCorrupt: 'throw' | 'discard'
  onUnavailable: 'throw' | 'anonymous'
  backend: { client: RedisClient } | ({ client?: undefined } & ConnectionSettings)
}

/** Where the servers are, and how they are reached. */
export interface ConnectionSettings {
  urls: string[]
  cluster: boolean
  sentinel: SentinelOptions | undefined
  /** To each server. */
  connections: number
  tls: TlsOptions | undefined
}

/**
 * Reads the options of `createRedisSessionStorage({ … })`.
 *
 * @throws {TypeError} for an option of the wrong type, or one that does not exist
 * @throws {RangeError} for a number that is out of bounds
 */
export function readOptions(options: UrlOptions | ClientOptions): Settings {
  if (options === null || typeof options !== 'object') {
    throw new TypeError('createRedisSessionStorage needs { url } or { client }')
  }
  return formOf(options) === 'url' ? readUrlOptions(options) : readClientOptions(options)
}

function readUrlOptions(options: object): Settings {
  let { url, cluster, sentinel, connections, tls, ...rest } = valuesIn('url', options)
  if (cluster && sentinel !== undefined) {
    throw new TypeError('"cluster" and "sentinel" must not be passed together')
  }
  if (url!.length > 1 && !cluster && sentinel === undefined) {
    throw new TypeError('"url" must be a single one, without "cluster" or "sentinel"')
  }
  if (sentinel?.name === '') throw new TypeError('"sentinel.name" must not be empty')
  if (sentinel?.username !== undefined && sentinel.password === undefined) {
    throw new TypeError('"sentinel.username" needs "sentinel.password"')
  }
  if (tls !== undefined && (tls.cert === undefined) !== (tls.key === undefined)) {
    throw new TypeError('"tls.cert" and "tls.key" must be passed together')
  }
  return { ...split(rest), backend: { urls: url!, cluster, sentinel, connections, tls } }
}

function readClientOptions(options: object): Settings {
  let { client, onConflict, ...rest } = valuesIn('client', options)
  checkExpires(client!)
  let canMerge = adapterOf(client!).replace !== undefined
  if (!canMerge && (options as ClientOptions).onConflict === 'merge') throw cannotMerge()
  return {
    ...split({ ...rest, onConflict: canMerge ? onConflict : 'overwrite' }),
    backend: { client: client! },
  }
}

function cannotMerge(): TypeError {
  return new TypeError(
    `"onConflict" is 'merge', for which "client" must be one of node-redis, ioredis, iovalkey, valkey-glide, Bun or @upstash/redis: ` +
      'with the methods that this one has, nothing can be compared on the server',
  )
}

type StorageSettings = Omit<Settings, 'store' | 'backend'>

/** Tells the settings of the store from those of the storage. */
function split({
  maxLifetime,
  refreshCookie,
  useUnknownIds,
  onConflict,
  onCorrupt,
  onUnavailable,
  ...store
}: StoreSettings & StorageSettings): Omit<Settings, 'backend'> {
  return { store, maxLifetime, refreshCookie, useUnknownIds, onConflict, onCorrupt, onUnavailable }
}

/**
 * Reads the options of `createRedisSessionStorage(client, { … })`. There `null` is as good as
 * nothing, and there is no limit on the size of a session, because the original has none.
 */
export function readDropInOptions(
  client: RedisClient,
  options: RedisSessionStorageOptions | null,
): Settings {
  if (typeof options !== 'object') throw wrongType('options', 'an object', options)

  let { useUnknownIds, keyPrefix, ...limits } = valuesIn('drop-in', options ?? {})
  if (limits.ttl !== null) checkExpires(client)
  let store = { prefix: keyPrefix, rolling: false, maxBytes: Infinity, ...limits }
  return {
    store,
    maxLifetime: null,
    refreshCookie: false,
    useUnknownIds,
    onConflict: 'overwrite',
    onCorrupt: 'throw',
    onUnavailable: 'throw',
    backend: { client },
  }
}

function formOf(options: { url?: unknown; client?: unknown }): 'url' | 'client' {
  if (options.url != null && options.client != null) {
    throw new TypeError('Pass exactly one of "url" and "client"; both were given')
  }
  if (options.url != null) return 'url'
  if (options.client != null) return 'client'

  if (Object.hasOwn(options, 'url')) {
    throw new TypeError(
      `"url" is ${options.url}. If it comes from an environment variable, check that it is set`,
    )
  }
  if (Object.hasOwn(options, 'client')) {
    throw new TypeError(`"client" is ${options.client}, but must be a Redis client`)
  }
  throw new TypeError('Pass exactly one of "url" and "client"; neither was given')
}

/** Returns the value of every option of a form, or its default. */
function valuesIn<form extends Form>(form: form, given: object): ValuesIn<form> {
  let options = OPTIONS.filter(({ forms }) => (forms as Form[]).includes(form))
  let names = options.map(({ name }) => name)
  refuseUnknown(given, names, WHERE[form])

  let values: Record<string, unknown> = {}
  for (let { name, read, default: byDefault } of options) {
    let value = (given as Record<string, unknown>)[name]
    let isLeftOut = value === undefined || (value === null && form === 'drop-in')
    values[name] = isLeftOut ? byDefault : read(value, name)
  }
  return values as ValuesIn<form>
}

const WHERE: Record<Form, string> = {
  url: 'together with "url"',
  client: 'together with "client"',
  'drop-in': 'in the form (client, options)',
}
