/** Recognises the family of a Redis client. */
import { bun } from './bun.ts'
import type { ClientAdapter, ClientFamily } from './client-adapter.ts'
import { ioredis } from './ioredis.ts'
import { minimal } from './minimal.ts'
import { nodeRedis } from './node-redis.ts'
import type { RedisClient } from './redis-client.ts'
import { upstash } from './upstash.ts'
import { valkeyGlide } from './valkey-glide.ts'

/** The first family that includes a client is the client's. */
const FAMILIES: ClientFamily[] = [nodeRedis, ioredis, valkeyGlide, bun, upstash, minimal]

/** @throws {TypeError} for what has the methods of a client, but is none */
export function adapterOf(client: RedisClient): ClientAdapter {
  for (let family of FAMILIES) {
    let objection = family.objectionTo?.(client)
    if (objection !== undefined) throw new TypeError(`"client" is ${objection}`)
  }
  return FAMILIES.find((family) => family.includes(client))!.adapt(client)
}
