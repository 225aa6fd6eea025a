/** valkey-glide 2: by its raw commands, whose names and arguments are Redis's own. */
import { toText, type ClientFamily } from './client-adapter.ts'
import { refreshingLoad } from './refreshing-load.ts'
import { replacingSave } from './replacing-save.ts'
import { hasMethod } from './redis-client.ts'

const CONDITIONS = { always: [], existing: ['XX'], new: ['NX'] }

/** The codes of error replies that glide gives names of its own. */
const CODES: Record<string, string> = {
  BusyLoadingError: 'LOADING',
  ClusterDown: 'CLUSTERDOWN',
  CrossSlot: 'CROSSSLOT',
  MasterDown: 'MASTERDOWN',
  NoScriptError: 'NOSCRIPT',
  PermissionDenied: 'NOPERM',
  ReadOnly: 'READONLY',
  ResponseError: 'ERR',
  TryAgain: 'TRYAGAIN',
}

export const valkeyGlide: ClientFamily = {
  includes: (client) => hasMethod(client, 'customCommand') && hasMethod(client, 'invokeScript'),

  adapt(client: any) {
    async function send(command: string[]): Promise<any> {
      try {
        return await client.customCommand(command)
      } catch (error) {
        throw toReply(error)
      }
    }
    let get = async (key: string) => toText(await send(['GET', key]))
    let expire = async (key: string, ttl: number) =>
      Number(await send(['EXPIRE', key, String(ttl)])) === 1
    let getEx = async (key: string, ttl: number) =>
      toText(await send(['GETEX', key, 'EX', String(ttl)]))
    let loadAndRefresh = refreshingLoad({ getEx, get, expire })
    let replacing = replacingSave(send)

    return {
      refreshesOnLoad: true,
      isSingle(verb) {
        if (verb === 'loadAndRefresh') return loadAndRefresh.isSingle()
        return verb !== 'replace' || replacing.isSingle()
      },
      load: get,
      loadAndRefresh: loadAndRefresh.load,
      async save(key, text, ttl, over) {
        let expiry = ttl === null ? [] : ['EX', String(ttl)]
        return (await send(['SET', key, text, ...expiry, ...CONDITIONS[over]])) != null
      },
      replace: replacing.save,
      touch: expire,
      delete: (key) => send(['DEL', key]),
      append: (key, text) => send(['APPEND', key, text]),
    }
  },
}

/**
 * Returns an error reply in the words of Redis, or else the error that was given. Glide writes `OOM: command not …`,
 * or for codes that it knows `An error was signalled by the server: - NoScriptError: …`.
 */
function toReply(error: any): unknown {
  let message = typeof error?.message === 'string' ? error.message : ''
  let [, kind, code, words] =
    /^(?:An error was signalled by the server: - (\w+)|([A-Z][A-Z0-9]*)): (.*)$/s.exec(message) ??
    []
  if (words === undefined) return error
  return new Error(`${code ?? CODES[kind!] ?? 'ERR'} ${words}`, { cause: error })
}
