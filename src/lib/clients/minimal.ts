/**
 * Any client with the methods of {@link RedisClient}. What one Redis command would do takes two
 * here, with a round trip between them in which a request of another process can come.
 */
import { toText, type ClientFamily } from './client-adapter.ts'
import { hasMethod } from './redis-client.ts'

export const minimal: ClientFamily = {
  includes: () => true,

  adapt(client) {
    let load = async (key: string) => toText(await client.get(key))

    return {
      refreshesOnLoad: false,
      // Nothing is known about the order in which such a client sends commands.
      isSingle: () => false,
      load,
      loadAndRefresh: load,
      async save(key, text, ttl, over) {
        if (over === 'existing' && (await load(key)) === null) return false
        if (ttl !== null && hasMethod(client, 'setEx')) {
          await client.setEx!(key, ttl, text)
        } else {
          await client.set(key, text)
          if (ttl !== null) await client.expire!(key, ttl)
        }
        return true
      },
      async touch(key, ttl) {
        if (hasMethod(client, 'expire')) {
          let reply = await client.expire!(key, ttl)
          return reply !== 0 && reply !== false
        }
        let text = await load(key)
        if (text === null) return false
        await client.setEx!(key, ttl, text)
        return true
      },
      delete: async (key) => client.del(key),
    }
  },
}
