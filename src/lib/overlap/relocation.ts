/** Gives a session another id than the one under which it is stored, as a login does. */
import type { SessionStore, Terms } from '../store/session-store.ts'
import { markMoved, readMarks, type Marks } from './marks.ts'
import { together } from './together.ts'

export interface Relocation {
  /** The id under which the session is stored; `null` for a new session. */
  from: string | null
  /** A fresh id, which nobody else knows yet. */
  to: string
  /** The id to delete once the session is stored under the new one, if any. */
  obsolete: string | undefined
}

/**
 * Writes a session under its new id, and then deletes the old one if that is wanted, so that a failure
 * in between loses nothing. Returns whether it was written.
 *
 * It is, although the old one has expired, was evicted, or was relocated by another request: a login is
 * never lost. It is not if the session was destroyed, be it under another id that it has got meanwhile. The
 * old one is deleted all the same if that is wanted: it would be by a request that finds the logout after
 * its work, and whoever has logged out does not expect what is left of the session.
 *
 * @param write writes the session under its new id, and returns whether it has done so
 */
export async function relocate(
  store: SessionStore,
  { from, to, obsolete }: Relocation,
  write: (terms: Terms) => Promise<boolean>,
  terms: Terms,
): Promise<boolean> {
  let old = idsToDelete(from, obsolete)
  let isMarked = from !== null && store.keepsMarks
  if (isMarked) {
    let marks = await markMoved(store, from!, to, terms)
    // An earlier relocation that failed half-way may have written the new one.
    if (await isDestroyed(store, marks, to, terms)) return undo(store, [to, ...old], terms)
  }
  if (!(await write(terms))) return false

  let [after] = await together([
    isMarked ? readMarks(store, from!, terms) : undefined,
    ...old.map((id) => store.delete(id, terms)),
  ])
  let isGone = after !== undefined && (await isDestroyed(store, after, to, terms))
  return isGone ? undo(store, [to], terms) : true
}

/** At so many ids that a session has got within a minute, a logout is looked for. */
const MOST_KNOWN = 16

/**
 * Whether a session was destroyed, be it under another id that it has got meanwhile: who has logged out with
 * that is not to be logged in again by a request that was under way.
 */
async function isDestroyed(
  store: SessionStore,
  marks: Marks,
  to: string,
  terms: Terms,
): Promise<boolean> {
  let known = new Set([to])
  let found = [marks]
  for (let { isDestroyed, successors } of found) {
    if (isDestroyed) return true
    // The latest, if there are many: whoever keeps an old id may log in with it again and again.
    let room = MOST_KNOWN - known.size
    let others = room > 0 ? successors.filter((id) => !known.has(id)).slice(-room) : []
    for (let id of others) known.add(id)
    found.push(...(await together(others.map((id) => readMarks(store, id, terms)))))
  }
  return false
}

async function undo(store: SessionStore, ids: readonly string[], terms: Terms): Promise<boolean> {
  await together(ids.map((id) => store.delete(id, terms)))
  return false
}

/** Remix names the id that a session was read under; it may have had another one since. */
function idsToDelete(from: string | null, obsolete: string | undefined): string[] {
  return obsolete === undefined ? [] : [...new Set([obsolete, from ?? obsolete])]
}
