/** What requests in flight hold in memory, while Redis does not answer. */
import { setTimeout as sleep } from 'node:timers/promises'

import type { OpenStorage, StoredSession } from '../contenders/contender.ts'
import { sessionIds, sessionText, SMALL } from '../sessions.ts'

export const PENDING = 10_000

/** Milliseconds: long enough to send everything, and well within every contender's deadline. */
export const PAUSE = 1000

export type PendingKind = 'reads' | 'saves'

/**
 * A process can only do this once, because memory that it has used before stays with it. So it never
 * has more than a few requests in flight before the measurement.
 */
export function createPending({ storage, fill }: OpenStorage) {
  let stored = sessionIds(SMALL)
  let ids = Array.from({ length: PENDING }, (_, index) => stored[index % stored.length]!)
  let sessions: StoredSession[] = []

  return {
    async preparePending(): Promise<void> {
      fill?.(stored, sessionText(SMALL))
      for (let start = 0; start < PENDING; start += 50) {
        let some = ids.slice(start, start + 50).map((id) => storage.read(id))
        sessions.push(...(await Promise.all(some)))
      }
      for (let session of sessions) session.set('count', 2_000_000)
      await Promise.all(sessions.splice(0, 50).map((session) => storage.save(session)))
    },

    /**
     * Returns the resident memory that requests add while Redis is paused, in bytes. The text of the
     * sessions to save is not counted.
     */
    async pending(kind: PendingKind): Promise<number> {
      globalThis.gc?.()
      let before = process.memoryUsage.rss()
      let done =
        kind === 'reads'
          ? ids.map((id) => storage.read(id))
          : sessions.map((session) => storage.save(session))
      await sleep(PAUSE / 3)
      globalThis.gc?.()
      let added = process.memoryUsage.rss() - before
      await Promise.all<unknown>(done)
      return kind === 'reads' ? added : added - sessions.length * SMALL.size
    },
  }
}
