/** Adapts clients that can send any command: a family says how, and everything else is the same for all. */
import type { Caller } from './caller.ts'
import type { ClientAdapter } from './client-adapter.ts'
import type { ClientErrors } from './client-error.ts'
import { refreshingLoad } from './refreshing-load.ts'
import { replacingSave } from './replacing-save.ts'

export interface CommandClient {
  /**
   * Sends a command that is about one key. Returns the reply, or a promise of it, and may throw.
   *
   * @param command its name and its arguments, which are nobody else's
   */
  send(command: string[], key: string, caller: Caller): unknown
  errors: ClientErrors
  /** What the app has the client put in front of keys, where `send` does not put it there. */
  keyPrefix?: string
  keepsOrder: boolean
  /** Whether the app may have it ask replicas for what is only read: they can be behind. */
  mayReadFromReplicas?: boolean
}

export function commandAdapter(client: CommandClient): ClientAdapter {
  let { errors, keepsOrder, keyPrefix = '', mayReadFromReplicas = false } = client
  let refreshing = refreshingLoad(client)
  let replacing = replacingSave(client)

  return {
    errors,
    keyPrefix,
    refreshesOnLoad: true,
    keepsOrder,
    touchWrites: false,
    isSingle(verb) {
      let mayTakeTwo = verb === 'loadAndRefresh' || (verb === 'load' && mayReadFromReplicas)
      if (mayTakeTwo) return refreshing.isSingle()
      return verb !== 'replace' || replacing.isSingle()
    },
    load: (key, caller) =>
      mayReadFromReplicas
        ? refreshing.load(key, null, caller)
        : client.send(['GET', key], key, caller),
    loadAndRefresh: refreshing.load,
    save(key, { text, ttl, over }, caller) {
      let command = ['SET', key, text]
      if (ttl !== null) command.push('EX', String(ttl))
      if (over !== 'always') command.push(over === 'existing' ? 'XX' : 'NX')
      return client.send(command, key, caller)
    },
    replace: replacing.save,
    touch: (key, ttl, caller) => client.send(['EXPIRE', key, String(ttl)], key, caller),
    delete: (key, caller) => client.send(['DEL', key], key, caller),
    append: (key, text, caller) => client.send(['APPEND', key, text], key, caller),
  }
}
