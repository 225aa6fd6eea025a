/**
 * Loads a session and refreshes its TTL: by `GETEX`, or before Redis 6.2 by `GET` and `EXPIRE`.
 */
import { isUnknownCommand } from './client-error.ts'

interface Commands {
  getEx(key: string, ttl: number): Promise<string | null>
  get(key: string): Promise<string | null>
  expire(key: string, ttl: number): Promise<unknown>
}

interface RefreshingLoad {
  load(key: string, ttl: number): Promise<string | null>

  /** Whether the next load will be a single command, as far as is known. */
  isSingle(): boolean
}

export function refreshingLoad({ getEx, get, expire }: Commands): RefreshingLoad {
  let hasWorked = false
  let isRefusedForGood = false

  return {
    isSingle: () => hasWorked && !isRefusedForGood,

    async load(key, ttl) {
      if (!isRefusedForGood) {
        try {
          let text = await getEx(key, ttl)
          hasWorked = true
          return text
        } catch (error) {
          if (!isUnknownCommand(error)) throw error
          isRefusedForGood = true
        }
      }
      let [text] = await Promise.all([get(key), expire(key, ttl)])
      return text
    },
  }
}
