/** Deletes a session under all its ids. */
import type { SessionStore, Terms } from '../store/session-store.ts'
import { markDestroyed } from './marks.ts'
import { together } from './together.ts'

/**
 * Deletes sessions, and those that requests under way have made of them: a rotation whose new id has
 * not reached the browser yet is undone, too.
 */
export async function logOut(
  store: SessionStore,
  ids: readonly string[],
  terms: Terms,
): Promise<void> {
  let known = new Set(ids)
  let next = ids
  while (next.length > 0) {
    let successors = await together(next.map((id) => destroy(store, id, terms)))
    next = successors.flat().filter((id) => !known.has(id))
    for (let id of next) known.add(id)
  }
}

/** Deletes a session; returns the ids that it has got. */
async function destroy(store: SessionStore, id: string, terms: Terms): Promise<string[]> {
  let deleted = store.delete(id, terms)
  if (!store.keepsMarks) return deleted.then(() => [])

  let [{ successors }] = await together([markDestroyed(store, id, terms), deleted])
  return successors
}
