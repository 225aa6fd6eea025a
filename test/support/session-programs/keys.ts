/** Keys that a program uses: mostly those that the stored session has, or nearly has. */
import fc from 'fast-check'

/** Chooses one of the stored keys, or another one. */
export type ChooseKey = (stored: string[]) => string

/** Keys that are in few texts, among them those that mean something to JavaScript. */
const OTHER_KEYS = [
  ...['new', 'a', 'toJSON', '__proto__', 'constructor', '7', '0', '01', '4294967295', ''],
  ...['\ud800', 'ключ', '👋', 'a.b', 'a\0', '"'],
]

const NEAR_MISSES: ((key: string) => string)[] = [
  (key) => key.slice(1),
  (key) => key.slice(0, -1),
  (key) => `${key}a`,
  (key) => key.replace(/.$/su, 'z'),
  (key) => key.toUpperCase(),
  (key) => `"${key}"`,
]

const stored: fc.Arbitrary<ChooseKey> = fc
  .nat(1000)
  .map((index) => (keys) => keys[index % keys.length] ?? 'a')

const near: fc.Arbitrary<ChooseKey> = fc.tuple(stored, fc.constantFrom(...NEAR_MISSES)).map(
  ([choose, change]) =>
    (keys) =>
      change(choose(keys)),
)

const other: fc.Arbitrary<ChooseKey> = fc.constantFrom(...OTHER_KEYS).map((key) => () => key)

export const keys = fc.oneof(
  { weight: 14, arbitrary: stored },
  { weight: 5, arbitrary: other },
  { weight: 1, arbitrary: near },
)
