/** What the requests of a program have called, and what they were answered. */
import type { Snapshot, Texts } from './draft.ts'

interface Timed {
  /** Its place in the order of all calls. */
  index: number
  /** When it was called, and when the caller had the answer, on a clock that counts such moments. */
  start: number
  end: number
}

export interface Read extends Timed {
  verb: 'read'
  id: string | null
  /** What the session was read with; `null` for a new session. */
  found: { values: Texts; messages: Texts } | null
}

/** What is known of a session object when it is saved. */
interface OfSession extends Timed {
  read: Read
  /** The save of the same session object before this one. */
  before: Save | undefined
  /** The id that the session has, and the one that it asks to have deleted. */
  id: string
  deleteId: string | undefined
}

/** A save of a session that was changed. */
export interface Save extends OfSession {
  verb: 'save'
  mine: Snapshot
  /** The keys that the request has set or removed by the end, and those that it has flashed. */
  touched: readonly string[]
  flashed: readonly string[]
  result: string | null
}

/** A save of a session that was destroyed. */
export interface Logout extends OfSession {
  verb: 'logout'
}

/** Also stands for what a server evicts. */
export interface Expiry extends Timed {
  verb: 'expiry'
  id: string
}

export type Call = Read | Save | Logout | Expiry

/** Returns the last save of the same session object that was stored before this one. */
export function lastStored({ before }: Save | Logout): Save | undefined {
  return before === undefined || before.result !== null ? before : lastStored(before)
}

/** Returns the id under which a session is stored when it is saved; `null` for none. */
export function storedIdOf(call: Save | Logout): string | null {
  return lastStored(call)?.id ?? (call.read.found === null ? null : call.read.id)
}

/**
 * Returns the ids that a logout is about. Whoever comes with an id that has been given up may log out who has
 * got another one meanwhile; and while a login of the same session is under way, both of its ids are meant.
 */
export function idsOf(call: Logout): string[] {
  let { read, id, deleteId } = call
  let asked = read.found === null ? read.id : null
  let ids = [id, deleteId, storedIdOf(call), asked, ...idsUnderWay(call)]
  return [...new Set(ids.filter((id) => id != null))]
}

function idsUnderWay({ before, start }: Save | Logout): (string | null | undefined)[] {
  if (before === undefined || before.end < start) return []
  return [before.id, before.deleteId, storedIdOf(before), ...idsUnderWay(before)]
}

/** One line of a failure's message. */
export function lineOf(call: Call, nameOf: (id: string) => string): string {
  let { index, start, end, verb, id } = call
  let line = `${start} to ${end}: #${index} ${verb} ${id === null ? 'none' : nameOf(id)}`
  if (call.verb === 'expiry') return line
  if (call.verb === 'read') return `${line} → ${JSON.stringify(call.found)}`

  if (call.verb === 'logout')
    return `${line} of #${call.read.index}: ${idsOf(call).map(nameOf).join()}`

  let { read, deleteId } = call
  let storedId = storedIdOf(call)
  line += ` of #${read.index}, stored as ${storedId === null ? 'none' : nameOf(storedId)}`
  if (deleteId !== undefined) line += `, without ${nameOf(deleteId)}`
  let { mine, touched, flashed, result } = call
  let data = JSON.stringify([mine.values, mine.messages])
  let changed = [...touched.slice(0, mine.touched), ...flashed.slice(0, mine.flashed)]
  return `${line}: ${data}, touched ${changed.join()} → ${result === null ? 'null' : nameOf(result)}`
}
