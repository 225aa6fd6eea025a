/**
 * Both changes count: a session is written only over the text that was read. If that is no longer there,
 * what this request has done is done to the present one, and that is written over.
 */
import type { Session } from '@remix-run/session'
import { setImmediate } from 'node:timers/promises'

import { begin, end, type Location, type Saving } from '../session/location.ts'
import { checkSize, corrupt } from '../session/session-text.ts'
import { markStored } from '../session/stored-session.ts'
import { NOT_UTF8, type Condition, type Terms } from '../store/session-store.ts'
import { isSameText } from '../store/text-pieces.ts'
import { merge } from './merge.ts'
import { readMarks } from './marks.ts'
import { pause } from '../store/pause.ts'
import { MOVED, readPresent, type Present } from './present.ts'
import { relocate, type Relocation } from './relocation.ts'
import { advance, changeOf, forget, latestIn, makeSave, type Save } from './save-state.ts'
import type { Saves, SavesContext } from './saves.ts'
import type { StoredText } from './stored-text.ts'

/** How often a text that does not change is compared with itself before it is looked at more closely. */
const MOST_IN_VAIN = 3

/** Seconds after which a session that has moved is gone, if deleting it fails. */
const MOVED_TTL = 60

export function mergingSaves({ store, turns, lifetime, maxBytes, nameOf }: SavesContext): Saves {
  /** @throws {RedisSessionStorageError} `UNSERIALIZABLE` or `TOO_LARGE` */
  function begun(session: Session, id: string, location: Location): Save {
    let save = makeSave(session, id, location)
    checkSize(save.text.pieces, maxBytes)
    save.state.attempt = save
    return save
  }

  function present(id: string, known: StoredText, terms: Terms): Promise<Present | null> {
    return readPresent(store, id, known, nameOf(id), terms)
  }

  /** @throws {RedisSessionStorageError} `TOO_LARGE` */
  function merged(save: Save, there: Present | null): StoredText {
    let text = there === null ? save.text : merge(changeOf(save), there)
    checkSize(text.pieces, maxBytes)
    return text
  }

  function finish(save: Save, held: StoredText, refreshedAt?: number): string {
    advance(save.state, save, held)
    return markStored(save.location, save.id, refreshedAt)
  }

  /** Saves a session of which it is not known what the store holds. */
  async function saveOverPresent(save: Save, terms: Terms): Promise<string | null> {
    let last: StoredText | undefined
    for (let inVain = 0; ;) {
      await pause(inVain)
      let there = await present(save.id, save.base, terms)
      if (there === null && save.location.id !== null) {
        forget(save.state, save)
        return null
      }
      if (there !== null && isDone(save, there)) return finish(save, there.stored)

      let text = merged(save, there)
      let over: Condition = there?.stored ?? 'new'
      lifetime.begin(save.location, text.version.createdAt)
      let bound = lifetime.bound(save.location, terms)
      if (await store.save(save.id, text.pieces, over, Boolean, bound)) {
        return over === 'new' && (await isDestroyed(save.id, terms)) ? null : finish(save, text)
      }
      // Where another one has been written meanwhile, somebody gets on.
      inVain = isSame(there?.stored, last) ? inVain + 1 : 1
      last = there?.stored
      // Some clients make a text of bytes that are none, which Redis then never finds to be what it holds.
      if (inVain > MOST_IN_VAIN && last?.pieces.some((piece) => piece.includes('\uFFFD'))) {
        throw corrupt(nameOf(save.id), NOT_UTF8)
      }
    }
  }

  /**
   * Whether a new session was destroyed while it was not known to be stored, which nothing but a mark
   * tells. It is deleted then, as it may have been written since.
   */
  async function isDestroyed(id: string, terms: Terms): Promise<boolean> {
    let { isDestroyed } = await readMarks(store, id, terms)
    if (isDestroyed) await store.delete(id, terms)
    return isDestroyed
  }

  /** Whether a save has happened after all; takes note of it if one before it has. */
  function isDone(save: Save, there: Present): boolean {
    let done = latestIn(there.stored, save)
    if (done !== undefined && done !== save) advance(save.state, done, there.stored)
    return done === save
  }

  /**
   * Writes a session under an id that nobody else knows.
   *
   * @param over what is there, as far as is known
   */
  async function put(id: string, text: StoredText, over: Condition, terms: Terms): Promise<void> {
    for (let inVain = 1; !(await store.save(id, text.pieces, over, Boolean, terms)); inVain++) {
      await pause(inVain)
      let there = await present(id, text, terms)
      // All of it, because everything that one save writes has the same nonce.
      if (there?.stored === text) return
      over = there?.stored ?? 'new'
    }
  }

  /**
   * Writes a session under its new id where there is none under the old one: an earlier save of the same
   * session object may have failed half-way, and has merged what others had done.
   */
  async function putOverHalf(save: Save, terms: Terms): Promise<StoredText> {
    let half = await present(save.id, save.base, terms)
    if (half !== null) isDone(save, half)
    let text = merged(save, half)
    await put(save.id, text, half?.stored ?? 'new', terms)
    return text
  }

  /**
   * Writes a session under its new id as it is now under its old one. Where that is to be deleted, others
   * may save it until then: it is marked as moved only over the text that has been merged.
   */
  async function move(save: Save, { from, obsolete }: Relocation, terms: Terms) {
    let there = from === null ? null : await present(from, save.base, terms)
    if (there === null) return putOverHalf(save, terms)
    isDone(save, there)
    let text = merged(save, there)
    await put(save.id, text, 'new', terms)
    let mark = { ...terms, ttl: MOVED_TTL }
    while (obsolete !== undefined) {
      if (await store.save(from!, [MOVED], there.stored, Boolean, mark)) break
      there = await present(from!, save.base, terms)
      if (there === null) break
      let written = text
      text = merged(save, there)
      await put(save.id, text, written, terms)
    }
    return text
  }

  /** Saves that were called before a move are not to find the session gone: they may have to be merged yet. */
  async function letEarlierSave({ from }: Relocation, terms: Terms): Promise<void> {
    if (from === null) return
    // Its answer comes behind those of all commands before, but promises may take longer than others to settle.
    await store.peek(from, () => undefined, terms)
    await setImmediate()
    await turns.letEarlierGoOn(from, terms.since!)
  }

  /** Goes on with a save that has found something else than it expected, or was cut off. */
  function goOn(save: Save, saving: Saving, since: number): Promise<string | null> {
    // A later save of the same session object has its turn, and waits for this one.
    return save.location.saving === saving
      ? turns.goOn(save.id, since, (terms) => saveAgain(save, saving, terms))
      : saveAgain(save, saving, { since })
  }

  async function saveAgain(save: Save, saving: Saving, terms: Terms): Promise<string | null> {
    let saved = await saveOverPresent(save, terms)
    end(save.location, saving)
    return saved
  }

  return {
    save(session, id, location) {
      let save = begun(session, id, location)
      let { state, text } = save
      let saving = begin(location, [id])
      let since = performance.now()
      let then = (written: boolean) => {
        if (!written) return goOn(save, saving, since)
        end(location, saving)
        return finish(save, text, since)
      }
      let write = (terms?: Terms) => {
        let bound = lifetime.bound(location, terms)
        return store.save(id, text.pieces, state.held ?? 'new', then, bound)
      }
      let isMerged = state.held !== null && state.held !== state.base
      let saved = isMerged
        ? turns.several([id], (terms) => saveAgain(save, saving, terms))
        : turns.single(id, write)
      saving.result = saved
      return saved
    },

    take(session, id, location) {
      let save = begun(session, id, location)
      return {
        save: (terms) => saveOverPresent(save, terms),
        async move(relocation, terms) {
          await letEarlierSave(relocation, terms)
          let text = save.text
          let write = async (terms: Terms) => {
            text = await move(save, relocation, terms)
            return true
          }
          let bound = lifetime.bound(location, terms)
          if (await relocate(store, relocation, write, bound)) return finish(save, text)
          forget(save.state, save)
          return null
        },
      }
    },
  }
}

function isSame(one: StoredText | undefined, other: StoredText | undefined): boolean {
  return one === undefined || other === undefined
    ? one === other
    : isSameText(one.pieces, other.pieces)
}
