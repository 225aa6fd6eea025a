/**
 * Takes what is secret out of the words of Redis, or of a client. Redis quotes the arguments of a
 * command that it does not know, which may be a password, an id, or session data.
 */

/** Shorter ids may be any word, and could be guessed. */
const MIN_ID_LENGTH = 8

const MAX_LENGTH = 500

/** All that comes behind the name of an unknown command. */
const AFTER_UNKNOWN_COMMAND = /\b(unknown command\s+(?:(['"`])[a-z|_-]+\2|[a-z|_-]+)).*/is
const ARGUMENTS = /,? with args beginning with.*/is
/** All of it, as `@upstash/redis` writes it behind an error reply. */
const COMMAND = /, command was: .*/s

/** Between two quotes, or from one to the end. The apostrophe of "it's" is not a quote. */
const QUOTED = /(?<![\p{L}\p{N}])(['"`])(.*?)(?:\1(?![\p{L}\p{N}])|$)/gsu

/** Of a URL: up to its last `@`, because a password may hold one that is not encoded. */
const USER_INFO = /\/\/\S*@/g
const PASSWORD = /([?&](?:pass|password)=)[^\s&]*/gi

/** The start of a stored session, and whatever comes behind. */
const SESSION = /\[\{.*/s

/** Settings whose names Redis quotes. */
const SETTINGS = new Set(['maxmemory'])

/** Returns the words without arguments, ids, and whatever is quoted and no name. */
export function withoutArguments(words: string, ids: readonly string[] = []): string {
  let safe = words
    .replace(AFTER_UNKNOWN_COMMAND, '$1')
    .replace(ARGUMENTS, '')
    .replace(COMMAND, '')
    .replace(QUOTED, (span, quote, content, offset, all) => {
      let [before, after] = [all.slice(0, offset), all.slice(offset + span.length)]
      return isName(content, before, after) ? span : `${quote}…${quote}`
    })
    .replace(SESSION, '…')
    .replace(USER_INFO, '//…@')
    .replace(PASSWORD, '$1…')
  for (let id of ids) if (id.length >= MIN_ID_LENGTH) safe = without(safe, id)
  return safe.length > MAX_LENGTH ? `${safe.slice(0, MAX_LENGTH)}…` : safe
}

/** In whatever case. */
function without(words: string, id: string): string {
  let literal = id.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&')
  return words.replace(new RegExp(literal, 'gi'), '…')
}

/** Whether something quoted is the name of a setting, or, by what stands around it, of a command. */
function isName(quoted: string, before: string, after: string): boolean {
  if (SETTINGS.has(quoted)) return true
  let isCommand = before.endsWith('command ') || after.startsWith(' command')
  return isCommand && /^[a-z|_-]+$/i.test(quoted)
}
