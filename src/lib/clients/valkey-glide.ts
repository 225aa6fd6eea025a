/** valkey-glide 2: by its raw commands, whose names and arguments are Redis's own. */
import type { ClientFamily } from './client-adapter.ts'
import { textAt, type ClientErrors } from './client-error.ts'
import { commandAdapter } from './command-adapter.ts'
import { hasMethod } from './redis-client.ts'

/** The codes of error replies that glide gives names of its own. */
const CODES: Record<string, string> = {
  Ask: 'ASK',
  BusyLoadingError: 'LOADING',
  ClusterDown: 'CLUSTERDOWN',
  CrossSlot: 'CROSSSLOT',
  MasterDown: 'MASTERDOWN',
  Moved: 'MOVED',
  NoScriptError: 'NOSCRIPT',
  PermissionDenied: 'NOPERM',
  ReadOnly: 'READONLY',
  ResponseError: 'ERR',
  TryAgain: 'TRYAGAIN',
}

const errors: ClientErrors = {
  replyIn: (error) =>
    textAt(error, 'name') === 'RequestError' ? toReply(textAt(error, 'message')) : undefined,
  isTimeout: (error) => textAt(error, 'name') === 'TimeoutError',
}

export const valkeyGlide: ClientFamily = {
  includes: (client) => hasMethod(client, 'customCommand') && hasMethod(client, 'invokeScript'),

  objectionTo: (client) =>
    hasMethod(client, 'customCommand') && !hasMethod(client, 'invokeScript')
      ? 'a batch or transaction of valkey-glide: pass a client'
      : undefined,

  adapt: (client: any) =>
    commandAdapter({
      send: (command) => client.customCommand(command),
      errors,
      // One connection to a server, but of 1000 pairs of commands some arrive the other way round; to a cluster, many.
      keepsOrder: false,
      // By `readFrom`, which a client does not show.
      mayReadFromReplicas: true,
    }),
}

/**
 * Returns an error reply in the words of Redis. Glide writes `OOM: command not …`, or for codes that it knows
 * `An error was signalled by the server: - NoScriptError: …`; anything else is an error of its own.
 */
function toReply(message: string): string | undefined {
  let [, kind, code, words] =
    /^(?:An error was signalled by the server: - (\w+)|([A-Z][A-Z0-9]*)): (.*)$/s.exec(message) ??
    []
  return words === undefined ? undefined : `${code ?? CODES[kind!] ?? 'ERR'} ${words}`
}
