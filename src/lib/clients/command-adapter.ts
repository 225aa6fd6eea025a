/** Adapts clients that have Redis's own commands, each with its arguments in a form of its own. */
import { toText, type ClientAdapter, type Over } from './client-adapter.ts'
import { refreshingLoad } from './refreshing-load.ts'
import { replacingSave } from './replacing-save.ts'

/** Redis's commands in the words of one client; they return what the client does, and may throw. */
interface Commands {
  get(key: string): unknown
  getEx(key: string, ttl: number): unknown
  set(key: string, text: string, ttl: number | null, over: Over): unknown
  expire(key: string, ttl: number): unknown
  del(key: string): unknown
  append(key: string, text: string): unknown
  /** Sends any command, whose second word is a key or the name of a script. */
  send(command: string[]): unknown
}

export function commandAdapter(commands: Commands): ClientAdapter {
  let get = async (key: string) => toText(await commands.get(key))
  let getEx = async (key: string, ttl: number) => toText(await commands.getEx(key, ttl))
  // Clients may be set up to return numbers as strings.
  let expire = async (key: string, ttl: number) => Number(await commands.expire(key, ttl)) === 1
  let loadAndRefresh = refreshingLoad({ getEx, get, expire })
  let replacing = replacingSave(async (command) => commands.send(command))

  return {
    refreshesOnLoad: true,
    isSingle(verb) {
      if (verb === 'loadAndRefresh') return loadAndRefresh.isSingle()
      return verb !== 'replace' || replacing.isSingle()
    },
    load: get,
    loadAndRefresh: loadAndRefresh.load,
    save: async (key, text, ttl, over) => (await commands.set(key, text, ttl, over)) != null,
    replace: replacing.save,
    touch: expire,
    delete: async (key) => commands.del(key),
    append: async (key, text) => commands.append(key, text),
  }
}
