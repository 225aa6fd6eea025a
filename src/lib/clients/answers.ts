/** What the replies of clients are: they may be set up to return buffers, and numbers as strings. */
import { isUtf8 } from 'node:buffer'
import { isAnyArrayBuffer } from 'node:util/types'

import { NOT_UTF8, Unreadable } from '../store/session-store.ts'

/** An object that was passed as a client answers as none does. The message says what to pass instead. */
export class WrongAnswer extends TypeError {}

/**
 * Returns the text of a reply, or `null` if there is none.
 *
 * @throws {WrongAnswer} if it is anything but a string, bytes or nothing
 */
export function toText(reply: unknown): string | null | Unreadable {
  if (typeof reply === 'string') return reply
  if (reply == null) return null
  // Not by `instanceof`: a test runner may have given its tests other classes than Node's.
  if (ArrayBuffer.isView(reply)) {
    return decoded(Buffer.from(reply.buffer, reply.byteOffset, reply.byteLength))
  }
  if (isAnyArrayBuffer(reply)) return decoded(Buffer.from(reply))
  throw wrongAnswer('get', reply)
}

function decoded(bytes: Buffer): string | Unreadable {
  return isUtf8(bytes) ? bytes.toString('utf8') : new Unreadable(NOT_UTF8)
}

/** Whether a reply says that something was done: `OK`, or how many keys it was done to. */
export function isDone(reply: unknown): boolean {
  return reply != null && Number(reply) !== 0
}

export function wrongAnswer(method: string, reply: unknown): WrongAnswer {
  return new WrongAnswer(
    `"client" answered ${method}() with ${nameOf(reply)}, but must answer with a string, bytes or nothing. ` +
      'Pass a client that returns promises of what Redis has, as it is stored: no pipeline or transaction, ' +
      'none with callbacks, and none that parses JSON by itself (for @upstash/redis: automaticDeserialization: false)',
  )
}

/** Without what is in it, which may be a session. */
function nameOf(reply: unknown): string {
  if (Array.isArray(reply)) return 'an array'
  return typeof reply === 'object' ? 'an object' : `a ${typeof reply}`
}
