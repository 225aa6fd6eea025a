/**
 * What a session storage is to do when requests overlap, in plain objects: each call does one thing, or a
 * few things one after the other, at some moment between the call and its answer. Whatever else is going
 * on has happened before that moment, or happens after it.
 */
import { idsOf, storedIdOf, type Call, type Logout, type Read, type Save } from './calls.ts'
import { changeOf, type Change } from './change.ts'
import type { Texts } from './draft.ts'

export interface Message {
  text: string
  /** The number of the save that has flashed it: the same words may be flashed twice. */
  by: number
}

/** A stored session. */
export interface Contents {
  values: Texts
  messages: Record<string, Message>
}

export interface State {
  sessions: Record<string, Contents>
  /** What sessions have had before. */
  past: Record<string, Contents[]>
  loggedOut: string[]
  /** The ids that sessions have got. */
  successors: Record<string, string[]>
  /** The messages that reads have shown, by the number of the read. */
  shown: Record<number, Record<string, Message>>
}

/** How far a call has got: what it is still to do. `undefined` before its first step. */
export type Stage = string[] | undefined

export interface Next {
  state: State
  stage: string[] | 'done'
}

export const EMPTY: State = { sessions: {}, past: {}, loggedOut: [], successors: {}, shown: {} }

/** Whether changes are merged, or the last save wins as a whole. */
export type OnConflict = 'merge' | 'overwrite'

/**
 * Returns the save that has to have ended before a call does anything: several saves of one session object
 * are as if they had been made one after the other.
 *
 * Except that a save that has to be merged gets in line again, behind a logout that was called meanwhile.
 */
export function firstBefore(onConflict: OnConflict, call: Call): Save | undefined {
  if (!('before' in call)) return undefined
  let { before } = call
  if (before === undefined || call.verb === 'save' || onConflict === 'overwrite') return before
  return storedIdOf(before) === null || isLogin(before) ? before : before.before
}

/** Returns what a call may do next if it is to end as it has; nothing if it cannot do anything yet. */
export function nextSteps(onConflict: OnConflict, call: Call, stage: Stage, state: State): Next[] {
  switch (call.verb) {
    case 'read':
      return read(call, state)
    case 'save':
      if (!isLogin(call)) return save(onConflict, call, state)
      return stage === undefined ? logIn(onConflict, call, state) : endLogin(call, stage, state)
    case 'logout':
      return logOut(call, stage, state)
    default:
      return [{ state: without(state, call.id), stage: 'done' }]
  }
}

function read({ id, found, index }: Read, state: State): Next[] {
  let there = id === null ? undefined : state.sessions[id]
  if (there === undefined) return found === null ? [{ state, stage: 'done' }] : []
  if (found === null) return []

  let messages = Object.entries(there.messages).map(([key, { text }]) => [key, text])
  let isSame =
    sameTexts(found.values, there.values) && sameTexts(found.messages, Object.fromEntries(messages))
  if (!isSame) return []
  return [
    { state: { ...state, shown: { ...state.shown, [index]: there.messages } }, stage: 'done' },
  ]
}

/** Whether a session is stored under another id than it has. */
function isLogin(save: Save): boolean {
  let from = storedIdOf(save)
  return from === null ? save.deleteId !== undefined : from !== save.id
}

function save(onConflict: OnConflict, call: Save, state: State): Next[] {
  let { id: to, result } = call
  let from = storedIdOf(call)
  let there = from === null ? undefined : state.sessions[from]
  let isGone = from !== null && there === undefined
  if (result !== (isGone ? null : to)) return []
  if (isGone) return [{ state, stage: 'done' }]

  let contents = changed(onConflict, call, there, state)
  return [{ state: stored(state, to, contents), stage: 'done' }]
}

/** A login is stored, whatever has become of the old session, unless there was a logout. */
function logIn(onConflict: OnConflict, call: Save, state: State): Next[] {
  let { id: to, deleteId, result } = call
  let from = storedIdOf(call)
  if (from !== null && isLoggedOut(state, from, [to])) {
    return result === null ? [{ state, stage: 'done' }] : []
  }
  let there = from === null ? undefined : state.sessions[from]
  // What has gone meanwhile may have been merged before that, or may not.
  let before =
    there === undefined && onConflict === 'merge' && from !== null ? (state.past[from] ?? []) : []
  return [there, ...before].map((base) => {
    let next = stored(state, to, changed(onConflict, call, base, state))
    if (from !== null) next = withSuccessor(next, from, to)
    if (from !== null && deleteId !== undefined) next = without(next, from)
    let left = deleteId === undefined || deleteId === from ? [] : [deleteId]
    let isOver = result !== null && left.length === 0
    return { state: next, stage: isOver ? 'done' : left }
  })
}

/** Whether there was a logout of a session, or of one that it has become under another id. */
function isLoggedOut(state: State, id: string, known: string[]): boolean {
  if (known.includes(id)) return false
  let others = state.successors[id] ?? []
  return (
    state.loggedOut.includes(id) ||
    others.some((other) => isLoggedOut(state, other, [...known, id]))
  )
}

/** Deletes further ids; or the new session, if there was a logout meanwhile. */
function endLogin(call: Save, left: string[], state: State): Next[] {
  let { id: to, result } = call
  let steps: Next[] = left.map((id) => {
    let others = left.filter((other) => other !== id)
    let isOver = result !== null && others.length === 0
    return { state: without(state, id), stage: isOver ? 'done' : others }
  })
  if (result === null && isLoggedOut(state, storedIdOf(call)!, [to])) {
    steps.push({ state: without(state, to), stage: 'done' })
  }
  return steps
}

/**
 * Under each id that the session has or gets meanwhile, the session is deleted, and logins that come
 * later than that are refused; in any order.
 */
function logOut(call: Logout, stage: Stage, state: State): Next[] {
  let left = stage ?? idsOf(call).flatMap((id) => [`delete ${id}`, `refuse ${id}`])
  return left.map((step) => {
    let [does, id] = step.split(' ') as [string, string]
    let others = left.filter((other) => other !== step)
    let next = state
    if (does === 'delete') {
      next = without(state, id)
    } else {
      next = { ...state, loggedOut: [...new Set([...state.loggedOut, id])].toSorted() }
      others.push(...(state.successors[id] ?? []).flatMap((id) => [`delete ${id}`, `refuse ${id}`]))
    }
    return { state: next, stage: others.length === 0 ? 'done' : others }
  })
}

function changed(
  onConflict: OnConflict,
  call: Save,
  there: Contents | undefined,
  state: State,
): Contents {
  let change = changeOf(call)
  if (there === undefined || onConflict === 'overwrite') return change.whole
  return merged(change, there, state.shown[call.read.index] ?? {})
}

function merged(change: Change, there: Contents, shown: Record<string, Message>): Contents {
  let values = { ...there.values }
  for (let key of change.keys) {
    let text = change.whole.values[key]
    if (text === undefined) delete values[key]
    else values[key] = text
  }

  let messages = { ...there.messages }
  if (change.isFirst) {
    for (let [key, { by }] of Object.entries(shown)) {
      if (messages[key]?.by === by) delete messages[key]
    }
  }
  for (let key of change.flashed) messages[key] = change.whole.messages[key]!
  return { values, messages }
}

function stored(state: State, id: string, contents: Contents): State {
  return { ...without(state, id), sessions: { ...state.sessions, [id]: contents } }
}

function without(state: State, id: string): State {
  let { [id]: before, ...sessions } = state.sessions
  if (before === undefined) return state
  return { ...state, sessions, past: { ...state.past, [id]: [...(state.past[id] ?? []), before] } }
}

function withSuccessor(state: State, id: string, successor: string): State {
  let successors = [...(state.successors[id] ?? []), successor].toSorted()
  return { ...state, successors: { ...state.successors, [id]: successors } }
}

export function sameTexts(one: Texts, other: Texts): boolean {
  let keys = Object.keys({ ...one, ...other })
  return keys.every((key) => one[key] === other[key])
}
