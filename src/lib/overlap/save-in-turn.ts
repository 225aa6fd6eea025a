/**
 * Keeps the saves of one session object in the order of the calls. Most requests save theirs once; of one
 * that is saved while an earlier save is under way, or has failed, nobody knows yet under which id it is stored.
 */
import { begin, end, type Location } from '../session/location.ts'
import type { Terms } from '../store/session-store.ts'
import type { Taken } from './saves.ts'
import type { Turns } from './turns.ts'

/** Where a session is to be stored from now on. */
export interface Target {
  id: string
  /** The id to delete once the session is stored under this one, if any. */
  obsolete: string | undefined
}

/** Whether a session that is stored under an id, or nowhere, does not get another one. */
export function isInPlace(stored: string | null, { id, obsolete }: Target): boolean {
  return stored === id || (stored === null && obsolete === undefined)
}

/** Saves a session when the saves of it that have begun before have ended. */
export function saveInTurn(
  turns: Turns,
  { save, move }: Taken,
  target: Target,
  location: Location,
): Promise<string | null> {
  let before = location.saving
  let ids = new Set([target.id, ...(before?.ids ?? [])])
  for (let id of [location.id, target.obsolete]) if (id != null) ids.add(id)
  let saving = begin(location, [...ids])

  let saved = turns.several(saving.ids, async (terms: Terms) => {
    await before?.result?.catch(() => {})
    let { id: from } = location
    let written = isInPlace(from, target)
      ? await save(terms)
      : await move({ from, to: target.id, obsolete: target.obsolete }, terms)
    end(location, saving)
    return written
  })
  saving.result = Promise.allSettled([before?.result, saved])
  return saved
}
