/**
 * What a passed Redis client must have: the contract of `@remix-run/session-storage-redis`.
 * Clients of node-redis 4–6, ioredis 5–6 and iovalkey meet it and are recognised, so that their
 * `GETEX` and `SET … XX` are used; any other object gets by with these methods.
 */
export interface RedisClient {
  /** Reads a value; `null` if there is none. */
  get(key: string): Promise<any> | any

  /** Writes a value. */
  set(key: string, value: string, ...rest: any[]): Promise<unknown> | unknown

  /** Deletes a value. */
  del(key: string): Promise<unknown> | unknown

  /** Writes a value that expires after `seconds`. */
  setEx?(key: string, seconds: number, value: string): Promise<unknown> | unknown

  /** Lets a stored value expire after `seconds`. */
  expire?(key: string, seconds: number): Promise<unknown> | unknown
}
