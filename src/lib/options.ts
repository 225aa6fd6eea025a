/** The options of a storage, as its users write them; `option-table.ts` has their defaults. */
import type { ExpiringRedisClient, ValkeyGlideClient } from './clients/redis-client.ts'

/** How sessions are kept, however Redis is reached. */
export interface SessionOptions {
  /**
   * Seconds that an unused session lives, from 1 to 4,294,967,295. A fraction is rounded down.
   *
   * @default 604800 (7 days)
   */
  ttl?: number | undefined

  /**
   * The beginning of every key: session `a1b2` is stored at `session:a1b2`.
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
   * Seconds after which a session ends, however active it is; a fraction is rounded down. They count from its
   * first save, through all ids that it gets, and for one that was stored before this option was set from
   * its next save. The key in Redis expires then, too.
   *
   * @default none: a session lives as long as it is used
   */
  maxLifetime?: number | undefined

  /**
   * Whether `save` returns the id of an unchanged session, too, so that Remix sends the cookie again and
   * its `maxAge` starts over: at most once a minute for each session and process, and never if the
   * session was destroyed or has another id by now.
   *
   * @default false
   */
  refreshCookie?: boolean | undefined

  /**
   * Whether a new session keeps the id in the cookie when Redis does not know it. Whoever sends the
   * cookie can then choose the id (session fixation): use it only with cookies that cannot be forged.
   *
   * @default false
   */
  useUnknownIds?: boolean | undefined

  /**
   * What a read does when the stored value is not a session: not JSON, of another shape or type, not
   * UTF-8, or over `maxBytes`.
   *
   * - `'throw'`: it fails with `CORRUPT`.
   * - `'discard'`: it returns a new session under a new id. The stored value stays as it is. The
   *   `node:diagnostics_channel` named `remix-session-storage-redis:discarded` gets `{ key, error }`.
   *
   * @default 'throw'
   */
  onCorrupt?: 'throw' | 'discard' | undefined

  /**
   * What a read does when Redis cannot answer: no connection, no answer in time, too many commands waiting, or a server
   * that is not ready yet.
   *
   * - `'throw'`: it fails.
   * - `'anonymous'`: it returns an empty session of which nothing is kept: `save` resolves to `null`, which leaves the
   *   cookie alone, so that nobody is signed out. Only a logout is tried all the same, and fails if it cannot be
   *   carried out. `isAnonymous(session)` tells, and the `node:diagnostics_channel` named
   *   `remix-session-storage-redis:unavailable` gets `{ key, error }`.
   *
   * @default 'throw'
   */
  onUnavailable?: 'throw' | 'anonymous' | undefined

  /**
   * What a save does when another request has saved the same session since it was read.
   *
   * - `'merge'`: both changes count, key by key. What this request has set, changed in place or removed
   *   is done to the session as it is now; of a key that both have changed, the later save wins. Needs a
   *   `url`, or a client of node-redis, ioredis, iovalkey, valkey-glide, Bun or `@upstash/redis`.
   * - `'overwrite'`: the later save wins as a whole.
   *
   * @default 'merge'; `'overwrite'` over any other client
   */
  onConflict?: 'overwrite' | 'merge' | undefined

  /**
   * Milliseconds that one `read` or `save` may take, waiting for a reconnect included.
   *
   * @default 2000
   */
  timeout?: number | undefined

  /**
   * Commands that may be queued or in flight, from 1 to 1,000,000. The next one fails with
   * `OVERLOADED`.
   *
   * @default 10000
   */
  maxPending?: number | undefined

  /**
   * Bytes of ids and JSON that may be queued or in flight. A command that exceeds them fails with
   * `OVERLOADED`, unless no other is pending. Each UTF-16 code unit counts as one byte.
   *
   * @default 268435456 (256 MiB)
   */
  maxPendingBytes?: number | undefined

  /**
   * Bytes of UTF-8 that a session's JSON may have. Saving a larger one fails with `TOO_LARGE`, reading
   * one with `CORRUPT`.
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
   *
   * With `cluster`, one or several nodes to begin with. User and password are those of all nodes, and need to be
   * in one of the URLs only.
   *
   * With `sentinel`, the addresses of one or several sentinels. User, password and database are those of the servers that
   * they watch, and need to be in one of the URLs only.
   */
  url: string | readonly string[]

  /**
   * Connections to each server. One session always uses the same one, so its commands stay in order.
   * At most 64.
   *
   * @default 1
   */
  connections?: number | undefined

  /**
   * Whether the URLs are of nodes of a Redis Cluster. They tell of the others, so one would do; with several, an app can start
   * while one of them is down.
   *
   * @default false
   */
  cluster?: boolean | undefined

  /**
   * What to ask sentinels for, when the URLs are of sentinels: the primary that they name has all sessions. It is
   * looked up anew whenever a connection is made, and when they say that another server has taken its place.
   */
  sentinel?: SentinelOptions | undefined

  /** How a `rediss://` server is verified; by default against the system's root certificates. */
  tls?: TlsOptions | undefined

  client?: undefined
}

/** Options of a storage that uses a Redis client of the app. */
export interface ClientOptions extends SessionOptions {
  /**
   * A connected client of node-redis, ioredis, iovalkey, valkey-glide, Bun or `@upstash/redis`, or any other `RedisClient`
   * with `setEx` or `expire`.
   */
  client: ExpiringRedisClient | ValkeyGlideClient

  url?: undefined
}

/**
 * The options that go with a client in the form of `@remix-run/session-storage-redis`, with its
 * defaults. `null` means the default, too.
 */
export interface DropInOptions {
  /**
   * The beginning of every key.
   *
   * @default 'session:'
   */
  keyPrefix?: string | null | undefined

  /**
   * Seconds that a session lives after its last change. A fraction is rounded down, and less than 1
   * is 1. By default sessions never expire.
   */
  ttl?: number | null | undefined

  /**
   * Whether a new session keeps the id in the cookie when Redis does not know it.
   *
   * @default false
   */
  useUnknownIds?: boolean | null | undefined

  /**
   * Milliseconds that one `read` or `save` may take.
   *
   * @default 2000
   */
  timeout?: number | null | undefined

  /**
   * Commands that may be queued or in flight, from 1 to 1,000,000. The next one fails with
   * `OVERLOADED`.
   *
   * @default 10000
   */
  maxPending?: number | null | undefined

  /**
   * Bytes of ids and JSON that may be queued or in flight. A command that exceeds them fails with
   * `OVERLOADED`, unless no other is pending. Each UTF-16 code unit counts as one byte.
   *
   * @default 268435456 (256 MiB)
   */
  maxPendingBytes?: number | null | undefined

  url?: undefined
  client?: undefined
}

/**
 * The options of any form. In code that was written for `@remix-run/session-storage-redis`, whose
 * type of this name has the options that go with a client, it means what it meant there.
 */
export type RedisSessionStorageOptions = UrlOptions | ClientOptions | DropInOptions

/** What to ask sentinels for, and how. */
export interface SentinelOptions {
  /** What the sentinels call the primary and its replicas: the name in their `sentinel monitor`. */
  name: string

  /** User to log in to the sentinels with; needs `password`. */
  username?: string | undefined

  /** Password to log in to the sentinels with; by default there is no login. Those of the servers are in the URL. */
  password?: string | undefined

  /**
   * Whether the sentinels speak TLS.
   *
   * @default as the URL says of the servers: `true` with `rediss://`
   */
  tls?: boolean | undefined
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
