/**
 * Loads a session and refreshes its TTL: by `GETEX`, or where that is refused by `GET` and `EXPIRE`.
 *
 * `GETEX` came with Redis 6.2, users may be denied it, and because it is a write, Redis refuses it
 * as long as it takes no writes. None of this is a reason to fail a visitor who only reads.
 */
import { isUnknownCommand, replyCode } from './client-error.ts'

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
          let code = replyCode(error)
          if (code === undefined || code === 'WRONGTYPE') throw error
          hasWorked = false
          isRefusedForGood ||= code === 'NOPERM' || isUnknownCommand(error)
        }
      }
      let [text] = await Promise.all([get(key), expire(key, ttl).catch(() => false)])
      return text
    },
  }
}
