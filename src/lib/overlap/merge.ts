/** Applies what one request has done to a session to what others have made of it meanwhile. */
import { setValueAt, type Values } from '../session/json-object.ts'
import { unserializable } from '../session/session-text.ts'
import type { TextPieces } from '../store/text-pieces.ts'
import type { Present } from './present.ts'
import { isSameJson } from './same-json.ts'
import { StoredText, type Flashed } from './stored-text.ts'

/** What a request has done to a session. */
export interface Change {
  /** The session before: as it was read, or last saved by this request. */
  base: StoredText
  /** The session as this request would have it. */
  mine: StoredText
  /** The keys that were set or removed, also to what they were before. */
  touched: readonly string[]
  /** The keys that were flashed, also to what they were before. */
  flashed: readonly string[]
  /** Names the save. */
  nonce: string
  /** When the session was created, as far as this request knows. */
  createdAt: number | null
}

/**
 * Returns the session with both changes.
 *
 * - Values: what this request has set, changed in place, or removed is as it left it; all else is as it
 *   is now, to the byte where that was found by spans.
 * - Flash: what this request was shown is gone, unless somebody has flashed it anew meanwhile; what it has
 *   flashed is there; all else stays.
 *
 * @param there the session as it is now; its values and flash become those of the result
 * @throws {RedisSessionStorageError} `UNSERIALIZABLE`: there is less of the stack left than when it was saved
 */
export function merge(change: Change, there: Present): StoredText {
  if (there.data === null) return change.mine
  let { stored } = there
  let [values, flash] = there.data
  let [baseValues, baseFlash] = parse(change.base.pieces)
  let [mineValues, mineFlash] = parse(change.mine.pieces)

  for (let key of changedKeys(baseValues, mineValues, change.touched)) {
    if (Object.hasOwn(mineValues, key)) values.set(key, mineValues[key])
    else values.delete(key)
  }

  let flashed = stored.version.flashed
  let shown = change.base.version.flashed
  for (let key of changedKeys(baseFlash, mineFlash, change.flashed)) {
    if (Object.hasOwn(mineFlash, key)) {
      flash.set(key, mineFlash[key])
      setValueAt(flashed, key, change.nonce)
    } else if (isSame(key, [flash.get(key), flashed], [baseFlash[key], shown])) {
      flash.delete(key)
      delete flashed[key]
    }
  }
  let version = stored.version.next(change.nonce, flashed, change.createdAt)
  try {
    return new StoredText([...values.toJson('[', ','), ...flash.toJson('', version.end)], version)
  } catch {
    throw unserializable([values.toValues(), flash.toValues()])
  }
}

function parse(pieces: TextPieces): [values: Values, flash: Values] {
  let [values, flash] = JSON.parse(pieces.join(''))
  return [values, flash]
}

function changedKeys(before: Values, after: Values, touched: readonly string[]): Set<string> {
  let keys = new Set(touched)
  for (let key of Object.keys({ ...before, ...after })) {
    let stays = Object.hasOwn(before, key) && Object.hasOwn(after, key)
    if (!stays || !isSameJson(before[key], after[key])) keys.add(key)
  }
  return keys
}

/** Whether a message is the very one that was shown, rather than another of the same words. */
function isSame(
  key: string,
  [value, flashed]: [unknown, Flashed],
  [shownValue, shown]: [unknown, Flashed],
): boolean {
  let nonces = [flashed, shown].map((nonces) => (Object.hasOwn(nonces, key) ? nonces[key] : ''))
  return nonces[0] === nonces[1] && isSameJson(value, shownValue)
}
