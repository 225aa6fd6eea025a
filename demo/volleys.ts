/** Volleys: requests of one visitor that overlap, fired at the app by itself. */
import { randomInt, randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'

import { BOXES } from './boxes.ts'
import { routes } from './routes.ts'
import type { OnConflict } from './session.ts'

export interface Volleys {
  /**
   * Fires a request for each box over HTTP, all at once, and waits until all are answered.
   *
   * @param cookie The `Cookie` header of the visitor
   */
  fire(onConflict: OnConflict, cookie: string): Promise<void>
  /**
   * Holds a request that has read its session until all others of its volley have, and for a few
   * milliseconds more, so that they save in any order.
   *
   * @returns Whether there is such a volley
   */
  hold(volley: string): Promise<boolean>
}

/** Milliseconds after which those that have come no longer wait for one that has not. */
const LONGEST_HOLD = 3000

/** Milliseconds within which the requests of a volley save. */
const SPREAD = 20

/** @param origin Gives where the app is reached */
export function createVolleys(origin: () => string): Volleys {
  // Nobody else knows their names, so nobody else can send requests that belong to one.
  let barriers = new Map<string, Barrier>()

  return {
    async fire(onConflict, cookie) {
      let volley = randomUUID()
      barriers.set(volley, createBarrier(BOXES.length))
      async function request(box: number): Promise<void> {
        let path = routes.box[onConflict].href({ volley, box })
        let response = await fetch(origin() + path, { method: 'POST', headers: { Cookie: cookie } })
        await response.body?.cancel()
        if (!response.ok) throw new Error(`${path} was answered with ${response.status}`)
      }
      try {
        await Promise.all(BOXES.map(request))
      } finally {
        barriers.delete(volley)
      }
    },

    async hold(volley) {
      let barrier = barriers.get(volley)
      if (barrier === undefined) return false
      await barrier.arrive()
      await wait(randomInt(SPREAD))
      return true
    },
  }
}

interface Barrier {
  /** Resolves once as many have arrived as are expected. */
  arrive(): Promise<void>
}

function createBarrier(expected: number): Barrier {
  let { promise, resolve } = Promise.withResolvers<void>()
  let timer = setTimeout(resolve, LONGEST_HOLD)
  let arrived = 0

  return {
    arrive() {
      arrived++
      if (arrived === expected) {
        clearTimeout(timer)
        resolve()
      }
      return promise
    },
  }
}
