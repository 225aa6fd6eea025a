/** What requests that overlap put into a session: a box each, under a key of its own. */
import type { Session } from '@remix-run/session'

import type { OnConflict } from './session.ts'

/** What is left of the boxes. */
export interface Boxes {
  onConflict: OnConflict
  /** Whether the box is in the session, for each of them. */
  kept: boolean[]
}

/** One for each request. */
export const BOXES = Array.from({ length: 20 }, (_, index) => index + 1)

/** Reads the boxes of a session; `undefined` if no requests have been fired yet. */
export function boxesOf(session: Session): Boxes | undefined {
  let onConflict = session.get('fired') as OnConflict | undefined
  return onConflict && { onConflict, kept: BOXES.map((box) => session.has(keyOfBox(box))) }
}

/** Removes all boxes from a session, and notes how the requests that come next are going to save. */
export function clearBoxes(session: Session, onConflict: OnConflict): void {
  for (let box of BOXES) session.unset(keyOfBox(box))
  session.set('fired', onConflict)
}

export function putBox(session: Session, box: number): void {
  session.set(keyOfBox(box), true)
}

function keyOfBox(box: number): string {
  return `box.${box}`
}
