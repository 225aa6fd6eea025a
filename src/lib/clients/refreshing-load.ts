/**
 * Loads a session and refreshes its TTL: by `GETEX`, or where that is refused by `GET` and `EXPIRE`. Without a TTL it
 * refreshes nothing, but asks the primary all the same, because `GETEX` is a write.
 *
 * `GETEX` came with Redis 6.2, users may be denied it, and because it is a write, Redis refuses it
 * as long as it takes no writes. None of this is a reason to fail a visitor who only reads.
 */
import { ensureWaiting, type Caller } from './caller.ts'
import { codeIn, isUnknownCommand } from './client-error.ts'
import type { CommandClient } from './command-adapter.ts'
import { isOnTheMove } from '../store/refusals.ts'

/** Whether `GET` would be refused with the same. */
function isOfTheKey(code: string): boolean {
  return code === 'WRONGTYPE' || isOnTheMove(code)
}

interface RefreshingLoad {
  load(key: string, ttl: number | null, caller: Caller): unknown

  /** Whether the next load will be a single command, as far as is known. */
  isSingle(): boolean
}

export function refreshingLoad(client: CommandClient): RefreshingLoad {
  let hasWorked = false
  let isRefusedForGood = false

  function getEx(key: string, ttl: number | null, caller: Caller): unknown {
    let command = ttl === null ? ['GETEX', key] : ['GETEX', key, 'EX', String(ttl)]
    return client.send(command, key, caller)
  }

  async function load(key: string, ttl: number | null, caller: Caller): Promise<unknown> {
    try {
      let reply = await getEx(key, ttl, caller)
      hasWorked = true
      return reply
    } catch (error) {
      return refused(error, key, ttl, caller)
    }
  }

  function refused(
    error: unknown,
    key: string,
    ttl: number | null,
    caller: Caller,
  ): Promise<unknown> {
    let words = client.errors.replyIn(error)
    if (words === undefined || isOfTheKey(codeIn(words))) throw error
    hasWorked = false
    isRefusedForGood ||= words.startsWith('NOPERM ') || isUnknownCommand(words)
    return loadInTwo(key, ttl, caller)
  }

  async function loadInTwo(key: string, ttl: number | null, caller: Caller): Promise<unknown> {
    ensureWaiting(caller)
    let loading = client.send(['GET', key], key, caller)
    if (ttl === null) return loading
    let refreshing = async () => client.send(['EXPIRE', key, String(ttl)], key, caller)
    let [reply] = await Promise.all([loading, refreshing().catch(() => 0)])
    return reply
  }

  return {
    isSingle: () => hasWorked && !isRefusedForGood,

    load(key, ttl, caller) {
      if (isRefusedForGood) return loadInTwo(key, ttl, caller)
      if (!hasWorked) return load(key, ttl, caller)
      // No function that waits in between: nothing is left to do as long as it works.
      return Promise.resolve(getEx(key, ttl, caller)).catch((error: unknown) =>
        refused(error, key, ttl, caller),
      )
    },
  }
}
