/** Who waits for what an adapter does: of several commands, each is sent only while somebody does. */

import type { DeadlineSignal } from './deadline-signal.ts'

export interface Caller {
  /** Whether the caller has not been told yet that the deadline has passed. */
  readonly isWaiting: boolean

  /** How many calls are pending, this one included. */
  readonly pending: number

  /** Is aborted at the deadline. */
  readonly signal: DeadlineSignal
}

/** @throws if nobody waits any longer, so that no further command is sent; nobody sees that error */
export function ensureWaiting({ isWaiting }: Caller): void {
  if (!isWaiting) throw new Error('Nobody waits for this any longer')
}
