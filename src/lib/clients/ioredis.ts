/** ioredis 5 and 6, and iovalkey. */
import type { ClientFamily } from './client-adapter.ts'
import { commandAdapter } from './command-adapter.ts'
import { hasMethod } from './redis-client.ts'

const CONDITIONS = { always: [], existing: ['XX'], new: ['NX'] }

export const ioredis: ClientFamily = {
  includes: (client) => hasMethod(client, 'getex') && hasMethod(client, 'call'),

  adapt: (client: any) =>
    commandAdapter({
      get: (key) => client.get(key),
      getEx: (key, ttl) => client.getex(key, 'EX', ttl),
      set(key, text, ttl, over) {
        let expiry = ttl === null ? [] : ['EX', ttl]
        return client.set(key, text, ...expiry, ...CONDITIONS[over])
      },
      expire: (key, ttl) => client.expire(key, ttl),
      del: (key) => client.del(key),
      append: (key, text) => client.append(key, text),
      // In lower case, or some versions would not put the client's own `keyPrefix` in front of the key.
      send: ([name, ...args]) => client.call(name!.toLowerCase(), ...args),
    }),
}
