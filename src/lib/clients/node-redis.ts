/** node-redis 4 to 6: with the older forms of options, which all of them take. */
import type { ClientFamily } from './client-adapter.ts'
import { commandAdapter } from './command-adapter.ts'
import { hasMethod } from './redis-client.ts'

const CONDITIONS = { always: {}, existing: { XX: true }, new: { NX: true } }

export const nodeRedis: ClientFamily = {
  includes: (client) => hasMethod(client, 'getEx') && hasMethod(client, 'sendCommand'),

  adapt: (client: any) =>
    commandAdapter({
      get: (key) => client.get(key),
      getEx: (key, ttl) => client.getEx(key, { EX: ttl }),
      set(key, text, ttl, over) {
        let expiry = ttl === null ? {} : { EX: ttl }
        return client.set(key, text, { ...expiry, ...CONDITIONS[over] })
      },
      expire: (key, ttl) => client.expire(key, ttl),
      del: (key) => client.del(key),
      append: (key, text) => client.append(key, text),
      send: (command) => client.sendCommand(command),
    }),
}
