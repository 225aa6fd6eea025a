/**
 * Writes a key in place of a certain text: by `SET … IFEQ`, which Valkey knows since 8.1 and Redis since
 * 8.4, or by a script. The Rust core does the same (`verbs/replace.rs`).
 */
import type { Expected } from '../store/session-store.ts'
import { ensureWaiting, type Caller } from './caller.ts'
import type { Write } from './client-adapter.ts'
import { tailOf } from '../store/text-pieces.ts'
import { isDenied, replyCode, toStorageError } from './client-error.ts'
import type { CommandClient } from './command-adapter.ts'
import { RedisSessionStorageError } from '../errors.ts'

/** Compares the end of a text, from an offset on, and only then writes another one. */
const SCRIPT = `if redis.call('GETRANGE', KEYS[1], ARGV[1], -1) ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[3], unpack(ARGV, 4))
return 1
`

/** The name under which servers keep the script. */
const SHA1 = 'b8a6cdf119fb76356f08f3572004c0efe1c53c8c'

interface ReplacingSave {
  save(key: string, write: Write<Expected>, caller: Caller): unknown

  /** Whether the next save will be a single command, as far as is known. */
  isSingle(): boolean
}

export function replacingSave(client: CommandClient): ReplacingSave {
  let { errors } = client
  /** Whether the server knows `IFEQ`; `undefined` as long as nobody knows. */
  let knowsIfEqual: boolean | undefined
  let hasScript = false

  function byIfEqual(key: string, { text, ttl, over }: Write<Expected>, caller: Caller): unknown {
    let expected = over.pieces.join('')
    return client.send(['SET', key, text, 'IFEQ', expected, ...expiryIn(ttl)], key, caller)
  }

  function byScript(
    [command, script]: [string, string],
    key: string,
    { text, ttl, over }: Write<Expected>,
    caller: Caller,
  ): unknown {
    let { pieces, tailLength } = over
    let compared =
      tailLength === 0 ? ['0', pieces.join('')] : [String(-tailLength), tailOf(pieces, tailLength)]
    return client.send(
      [command, script, '1', key, ...compared, text, ...expiryIn(ttl)],
      key,
      caller,
    )
  }

  async function findOut(key: string, write: Write<Expected>, caller: Caller): Promise<unknown> {
    if (knowsIfEqual === undefined) {
      try {
        let reply = await byIfEqual(key, write, caller)
        knowsIfEqual = true
        return reply
      } catch (error) {
        if (replyCode(error, errors) !== 'ERR') throw error
        knowsIfEqual = false
        ensureWaiting(caller)
      }
    }
    try {
      let reply = await byScript(['EVAL', SCRIPT], key, write, caller)
      hasScript = true
      return reply
    } catch (error) {
      throw advised(error, key)
    }
  }

  /** Returns an error with what to do, where the user may not do it. */
  function advised(error: unknown, key: string): unknown {
    let words = errors.replyIn(error)
    if (words === undefined || !isDenied(words)) return error
    let { message, cause } = toStorageError(error, [key], errors)
    let advice = `Allow this user +eval, +evalsha and +getrange, or set "onConflict" to 'overwrite'`
    let reply = replyCode(error, errors)
    return new RedisSessionStorageError('REDIS', `${message}. ${advice}`, { cause, reply })
  }

  return {
    isSingle: () => knowsIfEqual === true || (knowsIfEqual === false && hasScript),

    save(key, write, caller) {
      if (knowsIfEqual) {
        return byIfEqual(key, write, caller)
      }
      if (!hasScript) return findOut(key, write, caller)
      return Promise.resolve(byScript(['EVALSHA', SHA1], key, write, caller)).catch(
        (error: unknown) => {
          if (replyCode(error, errors) !== 'NOSCRIPT') throw advised(error, key)
          ensureWaiting(caller)
          return findOut(key, write, caller)
        },
      )
    },
  }
}

function expiryIn(ttl: number | null): string[] {
  return ttl === null ? [] : ['EX', String(ttl)]
}
