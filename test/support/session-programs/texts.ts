/** Stored texts of sessions: as `JSON.stringify` writes them, and as only `JSON.parse` would take them. */
import fc from 'fast-check'

import { jsonValues } from './json-values.ts'

/** A text that Redis holds, and the keys in it. */
export interface StoredText {
  text: string
  keys: string[]
}

interface Member {
  key: string
  isEscaped: boolean
  /** As JSON. */
  value: string
}

/** Keys that the core lets the session look up in the text. */
const PLAIN_KEYS = ['a', 'b', 'c', 'ab', 'aa', 'cart', 'user', '7a', 'a.b', 'ключ', '世', '👋', '']

/**
 * Keys that mean something to JavaScript, or come first in every object, or need escapes. As to why none
 * has a backslash, see `json-values.ts`.
 */
const SPECIAL_KEYS = [
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'toJSON', '0', '7', '10', '01'],
  ...['4294967294', '4294967295', '"', '\n', '\0', 'a\0', '\ud800', '\u2028'],
]

/** JSON that is not what `JSON.stringify` would write of it, or is long, or deep, or not ASCII. */
const ODD_VALUES = [
  ...['1.0', '1E2', '1e400', '-1e400', '-0', '9007199254740993', '0.1e-7', '123456789012345678901'],
  ...['""', '"\\u0041"', '"\\ud800"', '"\\udc00\\ud800"', '"\\/"', '"\\u0000"', '"\\"},{\\""'],
  ...['"é"', '"世界"', '"👋🏽"', '{"ключ":"Grüße 👋"}', '"\u2028"', '"]},{"', '[",",":"]'],
  ...['{ "n" : 1.0 }', '[ 1 , [ ] , { } ]', '\t[\n]', '{"a":1,"a":2}', '{"b":1,"7":2,"0":3}'],
  ...['{"__proto__":{"admin":true}}', '{"constructor":1}', '{"toJSON":1}', '[{"a":{"b":[{}]}}]'],
  ...['['.repeat(500) + ']'.repeat(500), '{"a":'.repeat(200) + '[]' + '}'.repeat(200)],
  ...[`"${'x'.repeat(5000)}"`, `"${'é👋'.repeat(1000)}"`, `[${'1,'.repeat(1000)}1]`],
]

// Cross-shrinking tries whether a simple one fails, too.
const value = fc.oneof(
  { withCrossShrink: true },
  { weight: 2, arbitrary: fc.constantFrom('null', '{}', '[]', '1', 'true', '"text"', '{"n":[1]}') },
  { weight: 3, arbitrary: jsonValues.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.constantFrom(...ODD_VALUES) },
)

const plainMember = fc.record<Member>({
  key: fc.constantFrom(...PLAIN_KEYS),
  isEscaped: fc.constant(false),
  value,
})

/** Without duplicates, which the core does not look up either. */
const plainMembers = fc.uniqueArray(plainMember, {
  selector: ({ key }) => key,
  maxLength: 9,
  size: 'max',
})

const anyMember = fc.record<Member>({
  key: fc.constantFrom(...PLAIN_KEYS, ...SPECIAL_KEYS),
  isEscaped: fc.boolean(),
  value,
})

const anyMembers = fc.array(anyMember, { maxLength: 6, size: 'max' })

/** As many as the core can still look up, and a few more than that. */
const manyMembers = fc
  .tuple(plainMembers, fc.integer({ min: 240, max: 260 }).map(numberedMembers))
  .map((parts) => parts.flat())

function numberedMembers(count: number): Member[] {
  return Array.from({ length: count }, (_, i) => ({
    key: `k${i}`,
    isEscaped: false,
    value: `${i}`,
  }))
}

const objects = fc.oneof(
  { withCrossShrink: true },
  { weight: 12, arbitrary: fc.tuple(plainMembers, fc.constant<Member[]>([])) },
  { weight: 4, arbitrary: fc.tuple(plainMembers, plainMembers) },
  { weight: 4, arbitrary: fc.tuple(anyMembers, anyMembers) },
  { weight: 1, arbitrary: fc.tuple(manyMembers, plainMembers) },
)

/** Of what is behind the flash, neither class makes anything. */
const more = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom(',{}', ',{"a":1,"b":{}}', ',1', ',[],null') },
)

/** What stands between tokens, by turns. */
const blanks = fc.oneof(
  { weight: 3, arbitrary: fc.constant<string[]>(['']) },
  {
    weight: 1,
    arbitrary: fc.array(fc.constantFrom('', ' ', '\n', '\r\n\t'), { minLength: 1, maxLength: 5 }),
  },
)

export const storedTexts: fc.Arbitrary<StoredText> = fc
  .tuple(objects, more, blanks)
  .map(([objects, more, blanks]) => ({
    text: textOf(objects, more, blanks),
    keys: objects.flat().map(({ key }) => key),
  }))

function textOf(objects: Member[][], more: string, blanks: string[]): string {
  let at = 0
  let blank = () => blanks[at++ % blanks.length]!
  let spaced = (text: string) => blank() + text + blank()

  let texts = objects.map((members) => {
    let texts = members.map((member) => `${spaced(keyOf(member))}:${spaced(member.value)}`)
    return spaced(`{${texts.join(',') || blank()}}`)
  })
  return spaced(`[${texts.join(',')}${more}]`)
}

function keyOf({ key, isEscaped }: Member): string {
  if (!isEscaped) return JSON.stringify(key)
  let units = key.split('').map((unit) => unit.charCodeAt(0).toString(16).padStart(4, '0'))
  return `"${units.map((unit) => `\\u${unit}`).join('')}"`
}
