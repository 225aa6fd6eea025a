/** The Redis client of an app: what it must have. */
import { wrongType } from '../option-values.ts'

/**
 * What a passed Redis client must have: the contract of `@remix-run/session-storage-redis`.
 * Clients of node-redis 4–6, ioredis 5–6, iovalkey, Bun and `@upstash/redis` meet it and are recognised, so that
 * `GETEX` and `SET … XX` are used; any other object gets by with these methods.
 */
export interface RedisClient {
  /** Reads a value; `null` if there is none. */
  get(key: string): Promise<StoredText> | StoredText

  /** Writes a value. */
  set(key: string, value: string): Promise<unknown> | unknown

  /** Deletes a value. */
  del(key: string): Promise<unknown> | unknown

  /** Writes a value that expires after `seconds`. */
  setEx?(key: string, seconds: number, value: string): Promise<unknown> | unknown

  /** Lets a stored value expire after `seconds`. */
  expire?(key: string, seconds: number): Promise<unknown> | unknown
}

/** What Redis holds at a key, as it is stored. */
export type StoredText = string | Uint8Array | null | undefined

/** A client that can let a session expire. */
export type ExpiringRedisClient = RedisClient &
  (Required<Pick<RedisClient, 'setEx'>> | Required<Pick<RedisClient, 'expire'>>)

/** What a client of valkey-glide has: its `del` takes a list of keys, so it is used by its raw commands. */
export interface ValkeyGlideClient {
  customCommand(command: any[], ...rest: any[]): Promise<any>
  invokeScript(...args: any[]): Promise<any>
}

/** The name of the contract in `@remix-run/session-storage-redis`. */
export type RedisSessionStorageClient = RedisClient

/** Whether a value has the methods of a Redis client, rather than options. */
export function isClient(value: unknown): value is RedisClient | ValkeyGlideClient {
  return missingMethod(value) === undefined
}

/**
 * Returns what was given as the option `name`, if it is a client.
 *
 * @throws {TypeError} for anything else
 */
export function readClient(given: unknown, name: string): RedisClient {
  if (typeof given !== 'object' && typeof given !== 'function') {
    throw wrongType(name, 'a Redis client', given)
  }
  let missing = missingMethod(given)
  if (missing !== undefined) {
    throw new TypeError(`"${name}" must be a Redis client, but has no method ${missing}()`)
  }
  return given as RedisClient
}

/** @throws {TypeError} for a client that cannot let a session expire */
export function checkExpires(client: RedisClient): void {
  if (!hasMethod(client, 'setEx') && !hasMethod(client, 'expire')) {
    throw new TypeError('"client" must have a method setEx() or expire() for sessions with a TTL')
  }
}

export function hasMethod(value: unknown, name: string): boolean {
  return value != null && typeof (value as Record<string, unknown>)[name] === 'function'
}

function missingMethod(value: unknown): string | undefined {
  return ['get', 'set', 'del'].find((name) => !hasMethod(value, name))
}
