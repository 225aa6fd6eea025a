/** Texts that are no sessions, or of which a few characters were changed. Some are still sessions. */
import fc from 'fast-check'

import { storedTexts } from './texts.ts'

/** JSON that is nearly of the form of a session. */
const OTHER_JSON = ['[[],{}]', '[{},[]]', '[{}]', '[null,{}]', '[{},null]', '{"0":{},"1":{}}', '[]']

interface Damage {
  at: number
  removed: number
  added: string
}

const damages = fc.record<Damage>({
  at: fc.nat(),
  removed: fc.nat(1),
  added: fc.constantFrom('', ...'[]{}:," 01.-\0\té'),
})

function damaged(text: string, { at, removed, added }: Damage): string {
  let start = at % (text.length + 1)
  // Half a surrogate pair has no bytes in Redis.
  return (text.slice(0, start) + added + text.slice(start + removed)).toWellFormed()
}

const damagedSessions = fc
  .tuple(storedTexts, fc.array(damages, { minLength: 1, maxLength: 3 }))
  .map(([{ text }, damages]) => damages.reduce(damaged, text))

export const damagedTexts = fc.oneof(
  { weight: 9, arbitrary: damagedSessions },
  { weight: 1, arbitrary: fc.constantFrom(...OTHER_JSON) },
)
