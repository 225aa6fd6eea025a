/** Looks for an order of what calls have done that explains their answers, and what is stored in the end. */
import type { Call } from './calls.ts'
import {
  EMPTY,
  firstBefore,
  nextSteps,
  sameTexts,
  textsOf,
  type Contents,
  type Next,
  type OnConflict,
  type Stage,
  type State,
} from './specification.ts'
import type { Texts } from './draft.ts'

/** What is stored in the end, by ids. */
export type Stored = Record<string, { values: Texts; messages: Texts }>

/**
 * So many states are tried until it is given up. The most that a program of 12,000 took was 3,079, but one whose 33 calls
 * mostly merge takes up to 53,229, by the order in which things happen.
 */
const MOST_STATES = 200_000

/** Returns whether there is such an order in which a call that was answered comes before all later ones. */
export function hasOrder(onConflict: OnConflict, calls: Call[], stored: Stored): boolean {
  // Those that were answered first have mostly happened first.
  let inOrder = calls.toSorted((one, other) => one.end - other.end)
  let seen = new Set<string>()

  function search(state: State, stages: (Stage | 'done')[]): boolean {
    let open = inOrder.filter((_, index) => stages[index] !== 'done')
    let [first] = open
    if (first === undefined) return isStored(state.sessions, stored)

    let key = JSON.stringify([stages, state])
    if (seen.has(key)) return false
    seen.add(key)
    if (seen.size > MOST_STATES) throw new Error('There are too many orders to look through them')

    let steps: [index: number, next: Next][] = inOrder.flatMap((call, index) => {
      let stage = stages[index]
      if (stage === 'done' || call.start > first.end || waits(call, stages)) return []
      return nextSteps(onConflict, call, stage, state, open).map((next) => [index, next])
    })
    let harmless = steps.find(([, next]) => next.isHarmless)
    return (harmless === undefined ? steps : [harmless]).some(([index, next]) =>
      search(next.state, stages.with(index, next.stage)),
    )
  }

  /** Whether a save of the same session object that comes first has not ended. */
  function waits(call: Call, stages: (Stage | 'done')[]): boolean {
    let before = firstBefore(onConflict, call)
    return before !== undefined && stages[inOrder.indexOf(before)] !== 'done'
  }

  return search(
    EMPTY,
    inOrder.map(() => undefined),
  )
}

function isStored(sessions: Record<string, Contents>, stored: Stored): boolean {
  return Object.keys({ ...sessions, ...stored }).every((id) => {
    let [session, there] = [sessions[id], stored[id]]
    if (session === undefined || there === undefined) return false
    return (
      sameTexts(session.values, there.values) &&
      sameTexts(textsOf(session.messages), there.messages)
    )
  })
}
