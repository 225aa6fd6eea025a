/** What JSON can express. */
import fc from 'fast-check'

/**
 * No backslash: once V8 has parsed a key that ends with one, it may take another key for that, of which
 * only the escape begins like it (https://github.com/nodejs/node/issues/63785).
 */
const CHARACTERS = [
  'a',
  'b',
  'c',
  '0',
  '7',
  ' ',
  '"',
  ',',
  '}',
  '\0',
  '\n',
  'é',
  '世',
  '👋',
  '\ud800',
]

export const jsonValues = fc.jsonValue({ maxDepth: 2, stringUnit: fc.constantFrom(...CHARACTERS) })
