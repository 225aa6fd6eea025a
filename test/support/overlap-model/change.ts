/** What a request has done to a session between its last save that was stored, or its read, and a save. */
import { lastStored, type Save } from './calls.ts'
import type { Snapshot } from './draft.ts'
import type { Contents } from './specification.ts'

export interface Change {
  /** The session as the request has it. */
  whole: Contents
  /** The keys that were set, removed or changed in place. */
  keys: Set<string>
  flashed: Set<string>
  /** Whether what the request was shown is gone with this save, and not with one before. */
  isFirst: boolean
}

const NOTHING: Snapshot = { values: {}, messages: {}, touched: 0, flashed: 0 }

const changes = new WeakMap<Save, Change>()

export function changeOf(save: Save): Change {
  let change = changes.get(save)
  if (change === undefined) {
    change = makeChange(save)
    changes.set(save, change)
  }
  return change
}

function makeChange(save: Save): Change {
  let { mine, read, index } = save
  let last = lastStored(save)
  let base = last?.mine ?? { ...NOTHING, ...read.found, messages: {} }

  let keys = new Set(save.touched.slice(base.touched, mine.touched))
  for (let key of Object.keys({ ...base.values, ...mine.values })) {
    if (base.values[key] !== mine.values[key]) keys.add(key)
  }
  let flashed = new Set(save.flashed.slice(base.flashed, mine.flashed))
  let messages = { ...(last && changeOf(last).whole.messages) }
  for (let key of flashed) messages[key] = { text: mine.messages[key]!, by: index }
  return { whole: { values: mine.values, messages }, keys, flashed, isFirst: last === undefined }
}
