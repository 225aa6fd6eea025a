export { createRedisSessionStorage } from './lib/redis-session-storage.ts'
export type { RedisSessionStorage } from './lib/redis-session-storage.ts'
export { RedisSessionStorageError } from './lib/errors.ts'
export type { RedisSessionStorageErrorCode } from './lib/errors.ts'
export type {
  ClientOptions,
  DropInOptions,
  RedisSessionStorageOptions,
  SessionOptions,
  TlsOptions,
  UrlOptions,
} from './lib/options.ts'
export type { RedisClient } from './lib/redis-client.ts'
