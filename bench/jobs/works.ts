/** What a request does with its session between reading and saving it. */
import type { StoredSession } from '../contenders/contender.ts'

/**
 * - `none`: nothing at all.
 * - `read`: looks at a small value.
 * - `change`: looks at a small value, and changes it.
 * - `large`: changes the large value in place, and sets it.
 */
export type Work = 'none' | 'read' | 'change' | 'large'

interface Doing {
  isChange: boolean
  /** Leaves the size of the session as it is. */
  run(session: StoredSession): void
}

export const works: Record<Work, Doing> = {
  none: { isChange: false, run() {} },
  read: { isChange: false, run: (session) => void countOf(session) },
  change: { isChange: true, run: (session) => session.set('count', countOf(session) + 1) },
  large: { isChange: true, run: moveItem },
}

function countOf(session: StoredSession): number {
  let count = session.get('count')
  if (typeof count !== 'number') throw new Error(`The session ${session.id} has lost its count`)
  return count
}

/** The first item of the cart becomes the last one, in another quantity. */
function moveItem(session: StoredSession): void {
  let cart = session.get('cart') as { quantity: number }[]
  let item = cart.shift()!
  cart.push(item)
  item.quantity = (item.quantity % 9) + 1
  session.set('cart', cart)
}
