/** Turns what a Redis client failed with into the error of a storage, without any secrets. */
import { RedisSessionStorageError } from '../errors.ts'
import { withoutArguments } from './without-arguments.ts'

/** What the errors of a family of clients are. All else that a client fails with is about the connection. */
export interface ClientErrors {
  /** Returns what Redis answered, if the error is an error reply: a code, and words behind it. */
  replyIn(error: unknown): string | undefined

  /** Whether the client has waited in vain for longer than it is willing to. */
  isTimeout(error: unknown): boolean
}

/** Returns the error of a call on these ids. */
export function toStorageError(
  error: unknown,
  ids: string[],
  errors: ClientErrors,
): RedisSessionStorageError {
  if (isA(error, RedisSessionStorageError)) return error

  let cause = withoutSecrets(error, ids)
  let words = errors.replyIn(error)
  if (words !== undefined) {
    let message = `Redis answered: ${withoutArguments(words, ids)}`
    return new RedisSessionStorageError('REDIS', message, { cause, reply: codeIn(words) })
  }
  return errors.isTimeout(error)
    ? new RedisSessionStorageError(
        'TIMEOUT',
        `The Redis client gave up: ${cause.message}. It waits no longer by its own settings.`,
        { cause },
      )
    : new RedisSessionStorageError('DISCONNECTED', `The Redis client failed: ${cause.message}`, {
        cause,
      })
}

/** Returns the code of an error reply, and `undefined` for any other error. */
export function replyCode(error: unknown, errors: ClientErrors): string | undefined {
  let words = errors.replyIn(error)
  return words === undefined ? undefined : codeIn(words)
}

/** Whether a message is what error replies look like: for where nothing else tells. */
export function looksLikeReply(message: string): boolean {
  return /^[A-Z][A-Z0-9]+ /.test(message)
}

/** An error reply begins with its code. */
export function codeIn(words: string): string {
  return /^[A-Z][A-Z0-9]*(?= |$)/.exec(words)?.[0] ?? 'ERR'
}

/** Redis has no code of its own for this. */
export function isUnknownCommand(words: string): boolean {
  return /^ERR unknown command\b/i.test(words)
}

/**
 * Whether the user may not do it. A command within a script is denied with `ERR`, and only the words tell: those
 * of Redis up to 7.0, and those of Valkey.
 */
export function isDenied(words: string): boolean {
  return /^NOPERM |can't run this command or subcommand|ACL failure in script/.test(words)
}

/**
 * Returns a copy of an error with its name, message, code and stack. Errors of clients have more
 * properties, such as the command with all its arguments. What a client rejects with may be no error
 * at all, and may throw when it is looked at.
 */
function withoutSecrets(error: unknown, ids: string[]): Error {
  let message = typeof error === 'string' ? error : textAt(error, 'message')
  let stack = textAt(error, 'stack')
  let name = /^\w+$/.exec(textAt(error, 'name'))?.[0] ?? 'Error'
  let code = /^[A-Z][A-Z0-9_]*$/.exec(textAt(error, 'code'))?.[0]

  // The message of an AggregateError, for one, is empty.
  let copy = new Error(withoutArguments(message || (code ?? name), ids))
  // Behind the message, which may have lines that look like frames.
  let frames = stack.includes(message) ? stack.slice(stack.indexOf(message) + message.length) : ''
  let lines = frames.split('\n').filter((line) => line.startsWith('    at '))
  setHidden(copy, 'name', name)
  setHidden(copy, 'stack', [`${name}: ${copy.message}`, ...lines].join('\n'))
  return code === undefined ? copy : Object.assign(copy, { code })
}

/** Whether an error is of a class; what a client rejects with may be a proxy, which throws when it is asked. */
export function isA<error>(
  error: unknown,
  type: abstract new (...args: any[]) => error,
): error is error {
  try {
    return error instanceof type
  } catch {
    return false
  }
}

/** Returns a property if it can be read and is a string, and an empty string otherwise. */
export function textAt(error: unknown, name: string): string {
  try {
    let value = (error as Record<string, unknown> | null | undefined)?.[name]
    return typeof value === 'string' ? value : ''
  } catch {
    return ''
  }
}

function setHidden(error: Error, name: string, value: string): void {
  Object.defineProperty(error, name, { value, configurable: true, writable: true })
}
