/** Reads the session that is in Redis now. */
import { JsonObject } from '../session/json-object.ts'
import { fromText } from '../session/session-text.ts'
import type { SessionStore, Terms } from '../store/session-store.ts'
import { StoredText } from './stored-text.ts'

export interface Present {
  stored: StoredText
  /** Not read where the text is one that is known. */
  data: [values: JsonObject, flash: JsonObject] | null
}

/** In place of a session that is about to be deleted, because it has another id now. */
export const MOVED = '[{},{},{"moved":true}]'

/**
 * @param known a text that may still be there
 * @param key names the session in an error
 */
export function readPresent(
  store: SessionStore,
  id: string,
  known: StoredText,
  key: string,
  terms: Terms,
): Promise<Present | null> {
  return store.peek(
    id,
    (text, spans) => {
      if (text === null || text === MOVED) return null
      if (text === known.pieces.join('')) return { stored: known, data: null }
      let [values, flash, third] = fromText(text, spans, key)
      return { stored: StoredText.read(text as string, third), data: [values, flash] }
    },
    terms,
  )
}
