/**
 * How a relocation and a logout of the same session find out about each other.
 *
 * Both leave a mark at `<prefix>gone:<id>`, where `id` is the one that the session had until then: a
 * relocation names the new id, a logout says that the session was destroyed. Each of them leaves its
 * mark first, does its work, and only then looks for the other's. So whatever the order of their
 * commands, at least one of the two finds the other, and the logout wins.
 */
import type { RedisSessionStorageError } from '../errors.ts'
import type { SessionStore, Terms, Unreadable } from '../store/session-store.ts'
import { together } from './together.ts'

/** No session has an id that begins like this. */
const MARKS = 'gone:'

/** Seconds for which a mark stays: longer than a request that was under way takes to end. */
const MARK_TTL = 60

const DESTROYED = 'null\n'

const NO_ENTRIES = ['']

/** Too many marks to be read, over a small `maxBytes`, or none of ours: rather no login than one that was undone. */
const UNKNOWN: Marks = { isDestroyed: true, successors: [] }

export interface Marks {
  isDestroyed: boolean
  /** The ids that the session has got. */
  successors: string[]
}

export function isMark(id: string): boolean {
  return id.startsWith(MARKS)
}

/** Leaves the mark of a relocation, and returns all marks of `from`. */
export function markMoved(
  store: SessionStore,
  from: string,
  to: string,
  terms: Terms,
): Promise<Marks> {
  return mark(store, from, `${JSON.stringify(to)}\n`, terms)
}

/**
 * Leaves the mark of a logout, and returns all marks of the session. A Redis whose memory is full takes
 * none; that is no reason to keep somebody from logging out.
 */
export async function markDestroyed(store: SessionStore, id: string, terms: Terms): Promise<Marks> {
  try {
    return await mark(store, id, DESTROYED, terms)
  } catch (error) {
    if ((error as RedisSessionStorageError).reply !== 'OOM') throw error
    return readMarks(store, id, terms)
  }
}

export function readMarks(store: SessionStore, id: string, terms: Terms): Promise<Marks> {
  return store.peek(MARKS + id, parse, terms)
}

async function mark(store: SessionStore, id: string, entry: string, terms: Terms): Promise<Marks> {
  let key = MARKS + id
  let limited = { ...terms, ttl: MARK_TTL }
  // One round trip: commands on one key are done in the order in which they are sent. Wherever the connection
  // breaks in between, the key has a TTL.
  let [, , , marks] = await together([
    store.save(key, NO_ENTRIES, 'new', () => undefined, limited),
    store.append(key, entry, terms),
    store.touch(key, () => undefined, limited),
    readMarks(store, id, terms),
  ])
  return marks
}

function parse(text: string | null | Unreadable): Marks {
  if (typeof text === 'object' && text !== null) return UNKNOWN

  let entries = (text ?? '').split('\n').filter((entry) => entry !== '')
  try {
    let ids = entries.map((entry): string | null => JSON.parse(entry))
    return { isDestroyed: ids.includes(null), successors: ids.filter((id) => id !== null) }
  } catch {
    return UNKNOWN
  }
}
