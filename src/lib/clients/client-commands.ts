/** How each kind of Redis client is told what a session store needs. */
import { hasMethod, type RedisClient } from './redis-client.ts'

/** The commands of a session store, in the words of one kind of client. */
export interface ClientCommands {
  /** Whether `loadAndRefresh` takes one round trip. */
  readonly refreshesOnLoad: boolean
  load(key: string): Promise<string | null>
  loadAndRefresh(key: string, ttl: number): Promise<string | null>
  /** Gives whether the value was written; with `onlyExisting` only over one that is there. */
  save(key: string, text: string, ttl: number | null, onlyExisting: boolean): Promise<boolean>
  /** Gives whether the key is there. */
  touch(key: string, ttl: number): Promise<boolean>
  delete(key: string): Promise<unknown>
}

/** Recognises the kind of a client by its methods. */
export function commandsOf(client: RedisClient): ClientCommands {
  if (hasMethod(client, 'getEx') && hasMethod(client, 'sendCommand')) return nodeRedis(client)
  if (hasMethod(client, 'getex') && hasMethod(client, 'call')) return ioredis(client)
  return minimal(client)
}

/** node-redis 4 to 6, whose older forms of the options all of them take. */
function nodeRedis(client: any): ClientCommands {
  return {
    refreshesOnLoad: true,
    load: async (key) => toText(await client.get(key)),
    loadAndRefresh: withGetEx(
      async (key, ttl) => toText(await client.getEx(key, { EX: ttl })),
      async (key, ttl) => (await Promise.all([client.get(key), client.expire(key, ttl)]))[0],
    ),
    save: async (key, text, ttl, onlyExisting) => {
      let expiry = ttl === null ? {} : { EX: ttl }
      let condition = onlyExisting ? { XX: true } : {}
      return (await client.set(key, text, { ...expiry, ...condition })) != null
    },
    touch: async (key, ttl) => Boolean(await client.expire(key, ttl)),
    delete: async (key) => client.del(key),
  }
}

/** ioredis 5 and 6, and iovalkey. */
function ioredis(client: any): ClientCommands {
  return {
    refreshesOnLoad: true,
    load: async (key) => toText(await client.get(key)),
    loadAndRefresh: withGetEx(
      async (key, ttl) => toText(await client.getex(key, 'EX', ttl)),
      async (key, ttl) => (await Promise.all([client.get(key), client.expire(key, ttl)]))[0],
    ),
    save: async (key, text, ttl, onlyExisting) => {
      let expiry = ttl === null ? [] : ['EX', ttl]
      let condition = onlyExisting ? ['XX'] : []
      return (await client.set(key, text, ...expiry, ...condition)) != null
    },
    touch: async (key, ttl) => Boolean(await client.expire(key, ttl)),
    delete: async (key) => client.del(key),
  }
}

/**
 * Any client with the methods of {@link RedisClient}. What one Redis command would do takes two
 * here, with a round trip between them in which another request can come.
 */
function minimal(client: RedisClient): ClientCommands {
  let load = async (key: string) => toText(await client.get(key))

  async function touch(key: string, ttl: number): Promise<boolean> {
    if (client.expire !== undefined) {
      let reply = await client.expire(key, ttl)
      return reply !== 0 && reply !== false
    }
    let text = await load(key)
    if (text === null) return false
    await client.setEx!(key, ttl, text)
    return true
  }

  return {
    refreshesOnLoad: false,
    load,
    loadAndRefresh: load,
    save: async (key, text, ttl, onlyExisting) => {
      if (onlyExisting && (await load(key)) === null) return false
      if (ttl !== null && client.setEx !== undefined) {
        await client.setEx(key, ttl, text)
      } else {
        await client.set(key, text)
        if (ttl !== null) await client.expire!(key, ttl)
      }
      return true
    },
    touch,
    delete: async (key) => client.del(key),
  }
}

type LoadAndRefresh = ClientCommands['loadAndRefresh']

/** `GETEX` came with Redis 6.2; the first time a server does not know it is the last it is asked. */
function withGetEx(getEx: LoadAndRefresh, getAndExpire: LoadAndRefresh): LoadAndRefresh {
  let isKnown = true
  return async (key, ttl) => {
    if (isKnown) {
      try {
        return await getEx(key, ttl)
      } catch (error) {
        // Redis has no code of its own for this: the reply is `ERR unknown command …`.
        if (!(error instanceof Error && /\bunknown command\b/i.test(error.message))) throw error
        isKnown = false
      }
    }
    return toText(await getAndExpire(key, ttl))
  }
}

/** A client may be set up to give buffers. */
function toText(value: unknown): string | null {
  if (value == null) return null
  return typeof value === 'string' ? value : Buffer.from(value as Uint8Array).toString('utf8')
}
