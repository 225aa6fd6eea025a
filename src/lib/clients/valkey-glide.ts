/** valkey-glide 2: by its raw commands, whose names and arguments are Redis's own. */
import type { ClientFamily } from './client-adapter.ts'
import { commandAdapter } from './command-adapter.ts'
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
    return commandAdapter({
      get: (key) => send(['GET', key]),
      getEx: (key, ttl) => send(['GETEX', key, 'EX', String(ttl)]),
      set(key, text, ttl, over) {
        let expiry = ttl === null ? [] : ['EX', String(ttl)]
        return send(['SET', key, text, ...expiry, ...CONDITIONS[over]])
      },
      expire: (key, ttl) => send(['EXPIRE', key, String(ttl)]),
      del: (key) => send(['DEL', key]),
      append: (key, text) => send(['APPEND', key, text]),
      send,
    })
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
