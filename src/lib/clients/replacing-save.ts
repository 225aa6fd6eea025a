/**
 * Writes a key in place of a certain text: by `SET … IFEQ`, which Valkey knows since 8.1 and Redis since
 * 8.4, or by a script. The Rust core does the same (`verbs/replace.rs`).
 */
import type { Expected } from '../store/session-store.ts'
import { isDenied, replyCode, toStorageError } from './client-error.ts'
import { RedisSessionStorageError } from '../errors.ts'

/** Compares the end of a text, from an offset on, and only then writes another one. */
const SCRIPT = `if redis.call('GETRANGE', KEYS[1], ARGV[1], -1) ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[3], unpack(ARGV, 4))
return 1
`

/** The name under which servers keep the script. */
const SHA1 = 'b8a6cdf119fb76356f08f3572004c0efe1c53c8c'

interface ReplacingSave {
  save(key: string, text: string, ttl: number | null, expected: Expected): Promise<boolean>

  /** Whether the next save will be a single command, as far as is known. */
  isSingle(): boolean
}

/** @param send sends a command */
export function replacingSave(send: (command: string[]) => Promise<unknown>): ReplacingSave {
  /** Whether the server knows `IFEQ`; `undefined` as long as nobody knows. */
  let knowsIfEqual: boolean | undefined
  let hasScript = false

  async function byIfEqual(key: string, text: string, expiry: string[], expected: string) {
    return (await send(['SET', key, text, 'IFEQ', expected, ...expiry])) != null
  }

  async function byScript(key: string, text: string, expiry: string[], expected: Expected) {
    let { pieces, tail } = expected
    let compared = tail === '' ? ['0', pieces.join('')] : [String(-tail.length), tail]
    let rest = ['1', key, ...compared, text, ...expiry]
    if (hasScript) {
      try {
        return Number(await send(['EVALSHA', SHA1, ...rest])) === 1
      } catch (error) {
        if (replyCode(error) !== 'NOSCRIPT') throw error
      }
    }
    let written = Number(await send(['EVAL', SCRIPT, ...rest])) === 1
    hasScript = true
    return written
  }

  return {
    isSingle: () => knowsIfEqual === true || (knowsIfEqual === false && hasScript),

    async save(key, text, ttl, expected) {
      let expiry = ttl === null ? [] : ['EX', String(ttl)]
      if (knowsIfEqual !== false) {
        try {
          let written = await byIfEqual(key, text, expiry, expected.pieces.join(''))
          knowsIfEqual = true
          return written
        } catch (error) {
          if (replyCode(error) !== 'ERR') throw error
          knowsIfEqual = false
        }
      }
      return byScript(key, text, expiry, expected).catch((error: unknown) => {
        throw isDenied(error) ? withAdvice(error, key) : error
      })
    },
  }
}

function withAdvice(error: unknown, key: string): RedisSessionStorageError {
  let { message, code, cause, reply } = toStorageError(error, [key])
  let advice = `Allow this user +eval, +evalsha and +getrange, or set "onConflict" to 'overwrite'`
  return new RedisSessionStorageError(code, `${message}. ${advice}`, { cause, reply })
}
