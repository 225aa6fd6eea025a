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
  /** Whether it makes no difference to any call, this one included, if this is done at once. */
  isHarmless: boolean
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

/**
 * Returns what a call may do next if it is to end as it has; nothing if it cannot do anything yet.
 *
 * @param open the calls that have not ended
 */
export function nextSteps(
  onConflict: OnConflict,
  call: Call,
  stage: Stage,
  state: State,
  open: Call[],
): Next[] {
  switch (call.verb) {
    case 'read':
      return read(call, state)
    case 'save':
      if (!isLogin(call)) return save(onConflict, call, state)
      return stage === undefined
        ? logIn(onConflict, call, state)
        : endLogin(call, stage, state, open)
    case 'logout':
      return logOut(call, stage, state, open)
    default:
      return [{ state: without(state, call.id), stage: 'done', isHarmless: false }]
  }
}

/** The end of a call that changes nothing. */
function nothing(state: State): Next[] {
  return [{ state, stage: 'done', isHarmless: true }]
}

function read({ id, found, index }: Read, state: State): Next[] {
  let there = id === null ? undefined : state.sessions[id]
  if (there === undefined || found === null) return (there ?? found) == null ? nothing(state) : []

  let { values, messages } = there
  if (!sameTexts(found.values, values)) return []
  if (!sameTexts(found.messages, textsOf(messages))) return []
  if (Object.keys(messages).length === 0) return nothing(state)
  // Somebody may flash the same words once more, so that it matters when they were read.
  let shown = { ...state.shown, [index]: messages }
  return [{ state: { ...state, shown }, stage: 'done', isHarmless: false }]
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
  if (isGone) return nothing(state)

  let contents = changed(onConflict, call, there, state)
  return [{ state: stored(state, to, contents), stage: 'done', isHarmless: false }]
}

/**
 * A login is stored, whatever has become of the old session, unless there was a logout. The ids that it is
 * to delete are deleted in any case.
 */
function logIn(onConflict: OnConflict, call: Save, state: State): Next[] {
  let { id: to, deleteId, result } = call
  let from = storedIdOf(call)
  if (from !== null && isLoggedOut(state, from, [to])) {
    let left = deleteId === undefined ? [] : [...new Set([from, deleteId])]
    return result === null ? [{ state, stage: left, isHarmless: true }] : []
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
    return { state: next, stage: isOver ? 'done' : left, isHarmless: false }
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
function endLogin(call: Save, left: string[], state: State, open: Call[]): Next[] {
  let { id: to, result } = call
  let steps = left.map((id): Next => {
    let others = left.filter((other) => other !== id)
    let step = deletion(id, state, open)
    return result === null ? { stage: others, ...step } : toBeDone(others, step)
  })
  if (result === null && left.length === 0 && isLoggedOut(state, storedIdOf(call)!, [to])) {
    let next = without(state, to)
    steps.push({ state: next, stage: 'done', isHarmless: next === state })
  }
  return steps
}

/**
 * Under each id that the session has or gets meanwhile, the session is deleted, and logins that come
 * later than that are refused; in any order.
 */
function logOut(call: Logout, stage: Stage, state: State, open: Call[]): Next[] {
  let left = stage ?? idsOf(call).flatMap(logOutSteps)
  return left.map((step) => {
    let others = left.filter((other) => other !== step)
    let [does, id] = step.split(' ') as [string, string]
    if (does === 'delete') return toBeDone(others, deletion(id, state, open))
    let successors = (state.successors[id] ?? []).flatMap(logOutSteps)
    return toBeDone([...others, ...successors], refusal(id, state, open))
  })
}

function logOutSteps(id: string): string[] {
  return [`delete ${id}`, `refuse ${id}`]
}

function toBeDone(left: string[], step: Omit<Next, 'stage'>): Next {
  return { ...step, stage: left.length === 0 ? 'done' : left }
}

function deletion(id: string, state: State, open: Call[]): Omit<Next, 'stage'> {
  let next = without(state, id)
  let mayCome = open.some((call) => call.verb === 'save' && call.id === id)
  return { state: next, isHarmless: next === state && !mayCome }
}

function refusal(id: string, state: State, open: Call[]): Omit<Next, 'stage'> {
  let loggedOut = [...new Set([...state.loggedOut, id])].toSorted()
  let logins = open.filter((call) => call.verb === 'save' && isLogin(call)) as Save[]
  let mayMove = logins.some((login) => mayBecome(storedIdOf(login), id, state, logins))
  return { state: { ...state, loggedOut }, isHarmless: !mayMove }
}

/** Whether a session has got another id, or may still get it by logins that have not ended. */
function mayBecome(from: string | null, id: string, state: State, logins: Save[]): boolean {
  let ids = new Set([from])
  for (let each of ids) {
    for (let successor of (each !== null && state.successors[each]) || []) ids.add(successor)
    for (let login of logins) if (storedIdOf(login) === each) ids.add(login.id)
  }
  return ids.has(id)
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

export function textsOf(messages: Contents['messages']): Texts {
  return Object.fromEntries(Object.entries(messages).map(([key, { text }]) => [key, text]))
}

export function sameTexts(one: Texts, other: Texts): boolean {
  let keys = Object.keys({ ...one, ...other })
  return keys.every((key) => one[key] === other[key])
}
