/**
 * Any client with the methods of {@link RedisClient}. What one Redis command would do takes two
 * here, with a round trip between them in which a request of another process can come.
 */
import { toText, wrongAnswer } from './answers.ts'
import { ensureWaiting } from './caller.ts'
import type { ClientFamily } from './client-adapter.ts'
import { looksLikeReply, textAt, type ClientErrors } from './client-error.ts'
import { hasMethod } from './redis-client.ts'

/** Nothing is known of such a client's errors: what looks like an error reply is one. */
const errors: ClientErrors = {
  replyIn(error) {
    let message = textAt(error, 'message')
    return looksLikeReply(message) ? message : undefined
  },
  isTimeout: (error) =>
    textAt(error, 'name') === 'TimeoutError' || textAt(error, 'code') === 'ETIMEDOUT',
}

export const minimal: ClientFamily = {
  includes: () => true,

  adapt(client) {
    let load = (key: string) => client.get(key)

    async function set(key: string, text: string): Promise<void> {
      checkAnswer('set', await client.set(key, text))
    }

    async function setEx(key: string, ttl: number, text: string): Promise<void> {
      checkAnswer('setEx', await client.setEx!(key, ttl, text))
    }

    return {
      errors,
      keyPrefix: '',
      refreshesOnLoad: false,
      // Nothing is known about the order in which such a client sends commands.
      keepsOrder: false,
      touchWrites: !hasMethod(client, 'expire'),
      isSingle: () => false,
      load,
      loadAndRefresh: load,
      async save(key, { text, ttl, over }, caller) {
        if (over === 'existing' && toText(await load(key)) === null) return false
        ensureWaiting(caller)
        if (ttl !== null && hasMethod(client, 'setEx')) {
          await setEx(key, ttl, text)
          return true
        }
        await set(key, text)
        if (ttl !== null) {
          ensureWaiting(caller)
          await client.expire!(key, ttl)
        }
        return true
      },
      async touch(key, ttl, caller) {
        // Whoever answers nothing may have found it.
        if (hasMethod(client, 'expire')) return (await client.expire!(key, ttl)) ?? true
        let text = toText(await load(key))
        // What is no text stays as it is.
        if (typeof text !== 'string') return text !== null
        ensureWaiting(caller)
        await setEx(key, ttl, text)
        return true
      },
      delete: async (key) => checkAnswer('del', await client.del(key)),
    }
  },
}

/** @throws {WrongAnswer} if a reply is an object, such as the one whose method was called, to call another one of */
function checkAnswer(method: string, reply: unknown): void {
  if (Object(reply) === reply && !ArrayBuffer.isView(reply)) throw wrongAnswer(method, reply)
}
