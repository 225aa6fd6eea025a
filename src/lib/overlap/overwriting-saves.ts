/** The last save wins as a whole. */
import type { Session } from '@remix-run/session'

import { begin, end, type Location } from '../session/location.ts'
import { checkSize, toJson } from '../session/session-text.ts'
import { markStored } from '../session/stored-session.ts'
import type { Terms } from '../store/session-store.ts'
import type { TextPieces } from '../store/text-pieces.ts'
import { relocate, type Relocation } from './relocation.ts'
import type { Saves, SavesContext } from './saves.ts'
import { endOf } from './stored-text.ts'

export function overwritingSaves({ store, turns, lifetime, maxBytes }: SavesContext): Saves {
  function textOf(session: Session, { createdAt }: Location): TextPieces {
    let text = toJson(session, createdAt === null ? ']' : endOf(createdAt))
    checkSize(text, maxBytes)
    return text
  }

  /**
   * Where there are no marks, a session that has expired cannot be told from one that was destroyed: it
   * is written only if it is there, or if an earlier relocation has written it already.
   */
  async function moved({ from, to }: Relocation, text: TextPieces, terms: Terms): Promise<boolean> {
    let isKnown = from === null || store.keepsMarks
    let isThere = isKnown || (await store.peek(from!, (text) => text !== null, terms))
    return store.save(to, text, isThere ? 'always' : 'existing', Boolean, terms)
  }

  return {
    save(session, id, location) {
      let text = textOf(session, location)
      let saving = begin(location, [id])
      let then = (written: boolean) => {
        end(location, saving)
        return written ? markStored(location, id) : null
      }
      let saved = turns.single(id, (terms) =>
        store.save(id, text, conditionAt(location), then, lifetime.bound(location, terms)),
      )
      saving.result = saved
      return saved
    },

    take(session, id, location) {
      let text = textOf(session, location)
      let then = (written: boolean) => (written ? markStored(location, id) : null)
      return {
        save: (terms) =>
          store.save(id, text, conditionAt(location), then, lifetime.bound(location, terms)),
        async move(relocation, terms) {
          let write = (terms: Terms) => moved(relocation, text, terms)
          return then(await relocate(store, relocation, write, lifetime.bound(location, terms)))
        },
      }
    },
  }
}

function conditionAt({ id }: Location): 'always' | 'existing' {
  return id === null ? 'always' : 'existing'
}
