/** Reads the session that is in Redis now. */
import { JsonObject } from '../session/json-object.ts'
import { fromText } from '../session/session-text.ts'
import type { SessionStore, Terms } from '../store/session-store.ts'
import { StoredText } from './stored-text.ts'

export interface Present {
  stored: StoredText
  values: JsonObject
  flash: JsonObject
}

/** In place of a session that is about to be deleted, because it has another id now. */
export const MOVED = '[{},{},{"moved":true}]'

/** @param key names the session in an error */
export function readPresent(
  store: SessionStore,
  id: string,
  key: string,
  terms: Terms,
): Promise<Present | null> {
  return store.peek(
    id,
    (text, spans) => {
      if (text === null || text === MOVED) return null
      let [values, flash, third] = fromText(text, spans, key)
      return { stored: StoredText.read(text as string, third), values, flash }
    },
    terms,
  )
}
