/** node-redis 4 to 6: with the older forms of options, which all of them take. */
import { toText, type ClientFamily } from './client-adapter.ts'
import { refreshingLoad } from './refreshing-load.ts'
import { replacingSave } from './replacing-save.ts'
import { hasMethod } from './redis-client.ts'

const CONDITIONS = { always: {}, existing: { XX: true }, new: { NX: true } }

export const nodeRedis: ClientFamily = {
  includes: (client) => hasMethod(client, 'getEx') && hasMethod(client, 'sendCommand'),

  adapt(client: any) {
    let get = async (key: string) => toText(await client.get(key))
    let expire = async (key: string, ttl: number) => Number(await client.expire(key, ttl)) === 1
    let getEx = async (key: string, ttl: number) => toText(await client.getEx(key, { EX: ttl }))
    let loadAndRefresh = refreshingLoad({ getEx, get, expire })
    let replacing = replacingSave(async (command) => client.sendCommand(command))

    return {
      refreshesOnLoad: true,
      isSingle(verb) {
        if (verb === 'loadAndRefresh') return loadAndRefresh.isSingle()
        return verb !== 'replace' || replacing.isSingle()
      },
      load: get,
      loadAndRefresh: loadAndRefresh.load,
      async save(key, text, ttl, over) {
        let expiry = ttl === null ? {} : { EX: ttl }
        let condition = CONDITIONS[over]
        return (await client.set(key, text, { ...expiry, ...condition })) != null
      },
      replace: replacing.save,
      touch: expire,
      delete: async (key) => client.del(key),
      append: async (key, text) => client.append(key, text),
    }
  },
}
