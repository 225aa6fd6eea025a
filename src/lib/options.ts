/** What a storage can be made with, and the one place where it is checked. */
import type { RedisClient } from './clients/redis-client.ts'
import type { StoreSettings } from './store/session-store.ts'

/** How sessions are kept, however Redis is reached. */
export interface SessionOptions {
  /**
   * Seconds that an unused session lives: at least 1, at most 4,294,967,295; a fraction is rounded
   * down.
   *
   * @default 604800 (7 days)
   */
  ttl?: number | undefined

  /**
   * What stands in front of every key: session `a1b2` is stored at `session:a1b2`.
   *
   * @default 'session:'
   */
  prefix?: string | undefined

  /**
   * Whether every request that uses a session refreshes its TTL. When `false`, only a request that
   * changes the session does.
   *
   * @default true
   */
  rolling?: boolean | undefined

  /**
   * Whether an id that Redis does not know is kept for the new session. Leaves the choice of the id
   * to whoever sends the cookie (session fixation): only for cookies that cannot be forged.
   *
   * @default false
   */
  useUnknownIds?: boolean | undefined

  /**
   * Milliseconds that one `read` or `save` may take, waiting for a reconnect included.
   *
   * @default 2000
   */
  timeout?: number | undefined

  /**
   * Commands that may be queued or in flight; the next one fails with `OVERLOADED`. At most
   * 1,000,000.
   *
   * @default 10000
   */
  maxPending?: number | undefined

  /**
   * Bytes of session ids and JSON that may be queued or in flight; a command over that fails with
   * `OVERLOADED`, unless no other is pending. Characters count as one byte each.
   *
   * @default 268435456 (256 MiB)
   */
  maxPendingBytes?: number | undefined

  /**
   * Bytes of UTF-8 that a session's JSON may have; a larger one is neither saved nor read,
   * but fails with `TOO_LARGE`.
   *
   * @default 1048576 (1 MiB)
   */
  maxBytes?: number | undefined
}

/** Options of a storage that owns its connection. */
export interface UrlOptions extends SessionOptions {
  /**
   * Where Redis is: `redis://host:port/db`, `redis://:password@host`,
   * `rediss://user:password@host:port` (TLS), `unix:///path/to/socket?db=0&user=…&pass=…`.
   * Percent-encode special characters in user and password.
   */
  url: string

  /**
   * Connections to open. One session always uses the same one, so its commands stay in order.
   * At most 64.
   *
   * @default 1
   */
  connections?: number | undefined

  /** How a `rediss://` server is verified; by default against the system's root certificates. */
  tls?: TlsOptions | undefined

  client?: undefined
}

/** Options of a storage that uses a Redis client of the app. */
export interface ClientOptions extends SessionOptions {
  /** A connected client of node-redis, ioredis or iovalkey, or any other {@link RedisClient}. */
  client: RedisClient

  url?: undefined
}

export type RedisSessionStorageOptions = UrlOptions | ClientOptions

/** The options of `@remix-run/session-storage-redis`, with its defaults. */
export interface DropInOptions {
  /**
   * What stands in front of every key.
   *
   * @default 'session:'
   */
  keyPrefix?: string | undefined

  /** Seconds that a session lives after its last change. By default sessions never expire. */
  ttl?: number | undefined

  /**
   * Whether an id that Redis does not know is kept for the new session.
   *
   * @default false
   */
  useUnknownIds?: boolean | undefined
}

/** TLS settings with the names and meanings of `node:tls`. */
export interface TlsOptions {
  /** PEM certificates to trust instead of the system's roots. */
  ca?: string | undefined

  /** PEM certificate chain of the client; needs `key`. */
  cert?: string | undefined

  /** PEM private key of the client; needs `cert`. */
  key?: string | undefined

  /** Name to verify the server's certificate against; by default the URL's host. */
  serverName?: string | undefined

  /**
   * `false` accepts any certificate. Dangerous: whoever can reach the network path can then read
   * and change every session.
   *
   * @default true
   */
  rejectUnauthorized?: boolean | undefined
}

/** Validated options: the settings of the store, and those of the storage on top of it. */
export interface Settings {
  store: StoreSettings
  useUnknownIds: boolean
  backend:
    | { client: RedisClient }
    | { client?: undefined; url: string; connections: number; tls: TlsOptions | undefined }
}

const SESSION_OPTIONS = [
  'ttl',
  'prefix',
  'rolling',
  'useUnknownIds',
  'timeout',
  'maxPending',
  'maxPendingBytes',
  'maxBytes',
]
const URL_OPTIONS = ['url', 'client', 'connections', 'tls', ...SESSION_OPTIONS]
const CLIENT_OPTIONS = ['url', 'client', ...SESSION_OPTIONS]
const DROP_IN_OPTIONS = ['keyPrefix', 'ttl', 'useUnknownIds']
const TLS_OPTIONS = ['ca', 'cert', 'key', 'serverName', 'rejectUnauthorized']

const MAX_TTL = 2 ** 32 - 1
const MAX_INTEGER = Number.MAX_SAFE_INTEGER

/**
 * Checks the options of `createRedisSessionStorage({ … })`.
 *
 * @throws {TypeError} for an option of the wrong type, or one that does not exist
 * @throws {RangeError} for a number outside its bounds
 */
export function readOptions(options: RedisSessionStorageOptions): Settings {
  if (options === null || typeof options !== 'object') {
    throw new TypeError('createRedisSessionStorage needs { url } or { client }')
  }
  if ((options.url == null) === (options.client == null)) {
    throw new TypeError('Pass exactly one of "url" and "client"')
  }

  let settings = {
    store: {
      prefix: prefix('prefix', options.prefix),
      ttl: Math.floor(number('ttl', options.ttl, 604800, 1, MAX_TTL, 'seconds')),
      rolling: boolean('rolling', options.rolling, true),
      timeout: number('timeout', options.timeout, 2000, 1, 2 ** 31 - 1, 'milliseconds'),
      maxPending: integer('maxPending', options.maxPending, 10_000, 1_000_000),
      maxPendingBytes: integer('maxPendingBytes', options.maxPendingBytes, 2 ** 28, MAX_INTEGER),
      maxBytes: integer('maxBytes', options.maxBytes, 1_048_576, 2 ** 29 - 1),
    },
    useUnknownIds: boolean('useUnknownIds', options.useUnknownIds, false),
  }

  if (options.client != null) {
    known(options, CLIENT_OPTIONS, 'with a client')
    return { ...settings, backend: { client: checkedClient(options.client, true) } }
  }

  known(options, URL_OPTIONS, 'with a url')
  let url: unknown = options.url
  if (typeof url !== 'string') {
    throw new TypeError(`"url" must be a string, but is ${describe(url)}`)
  }
  return {
    ...settings,
    backend: {
      url,
      connections: integer('connections', options.connections, 1, 64),
      tls: tlsOptions(options.tls),
    },
  }
}

/** Checks the options of `createRedisSessionStorage(client, { … })`. */
export function readDropInOptions(client: RedisClient, options: DropInOptions = {}): Settings {
  known(options, DROP_IN_OPTIONS, 'in the form (client, options)')
  return {
    store: {
      prefix: prefix('keyPrefix', options.keyPrefix),
      ttl:
        options.ttl == null
          ? null
          : Math.floor(number('ttl', options.ttl, 0, 1, MAX_TTL, 'seconds')),
      rolling: false,
      timeout: 2000,
      maxPending: 10_000,
      maxPendingBytes: 2 ** 28,
      maxBytes: 1_048_576,
    },
    useUnknownIds: boolean('useUnknownIds', options.useUnknownIds, false),
    backend: { client: checkedClient(client, options.ttl != null) },
  }
}

/** Whether a value has the methods of a Redis client, rather than options. */
export function isClient(value: unknown): value is RedisClient {
  return missingMethod(value) === undefined
}

function checkedClient(client: RedisClient, expires: boolean): RedisClient {
  let missing = missingMethod(client)
  if (missing !== undefined) {
    throw new TypeError(`"client" must be a Redis client, but has no method ${missing}()`)
  }
  if (expires && !hasMethod(client, 'setEx') && !hasMethod(client, 'expire')) {
    throw new TypeError('"client" must have a method setEx() or expire() for sessions with a TTL')
  }
  return client
}

function missingMethod(value: unknown): string | undefined {
  return ['get', 'set', 'del'].find((name) => !hasMethod(value, name))
}

export function hasMethod(value: unknown, name: string): boolean {
  return value != null && typeof (value as Record<string, unknown>)[name] === 'function'
}

function known(options: object, names: string[], where: string): void {
  let unknown = Object.keys(options).find((name) => !names.includes(name))
  if (unknown !== undefined) {
    throw new TypeError(`There is no option "${unknown}" ${where}; there are ${names.join(', ')}`)
  }
}

function prefix(name: string, value: unknown): string {
  if (value === undefined) return 'session:'
  if (typeof value !== 'string' || !value.isWellFormed()) {
    throw new TypeError(`"${name}" must be a string of Unicode text, but is ${describe(value)}`)
  }
  return value
}

function boolean(name: string, value: unknown, byDefault: boolean): boolean {
  if (value === undefined) return byDefault
  if (typeof value !== 'boolean') {
    throw new TypeError(`"${name}" must be true or false, but is ${describe(value)}`)
  }
  return value
}

function integer(name: string, value: unknown, byDefault: number, max: number): number {
  let result = number(name, value, byDefault, 1, max, '')
  if (!Number.isInteger(result)) {
    throw new RangeError(`"${name}" must be a whole number, but is ${result}`)
  }
  return result
}

function number(
  name: string,
  value: unknown,
  byDefault: number,
  min: number,
  max: number,
  unit: string,
): number {
  if (value === undefined) return byDefault
  let bounds = `${unit === '' ? '' : `${unit} `}from ${min} to ${max}`
  if (typeof value !== 'number') {
    throw new TypeError(`"${name}" must be a number, ${bounds}, but is ${describe(value)}`)
  }
  if (!(value >= min && value <= max)) {
    throw new RangeError(`"${name}" must be a number, ${bounds}, but is ${value}`)
  }
  return value
}

function tlsOptions(value: TlsOptions | undefined): TlsOptions | undefined {
  if (value === undefined) return undefined
  if (value === null || typeof value !== 'object') {
    throw new TypeError(`"tls" must be an object, but is ${describe(value)}`)
  }
  known(value, TLS_OPTIONS, 'in "tls"')
  for (let name of ['ca', 'cert', 'key', 'serverName'] as const) {
    if (value[name] !== undefined && typeof value[name] !== 'string') {
      throw new TypeError(`"tls.${name}" must be a string, but is ${describe(value[name])}`)
    }
  }
  boolean('tls.rejectUnauthorized', value.rejectUnauthorized, true)
  if ((value.cert === undefined) !== (value.key === undefined)) {
    throw new TypeError('"tls.cert" and "tls.key" must be passed together')
  }
  return value
}

/** Names the kind of a value, never the value itself: it may be a secret in the wrong place. */
function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'string' ? 'a string' : `of type ${typeof value}`
}
