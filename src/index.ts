export { createRedisSessionStorage } from './lib/storage.ts'
export type { RedisSessionStorage } from './lib/storage.ts'
export { RedisSessionStorageError } from './lib/errors.ts'
export type { RedisSessionStorageErrorCode } from './lib/errors.ts'
export type {
  ClientOptions,
  DropInOptions,
  RedisSessionStorageOptions,
  SentinelOptions,
  SessionOptions,
  TlsOptions,
  UrlOptions,
} from './lib/options.ts'
export type {
  ExpiringRedisClient,
  RedisClient,
  RedisSessionStorageClient,
  StoredText,
  ValkeyGlideClient,
} from './lib/clients/redis-client.ts'
