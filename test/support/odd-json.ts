/** JSON that means something to JavaScript, or is not read as it was written. */

export const KEYS = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__'],
  ...['toJSON', 'length', 'then', 'a.b', '.', 'a\0b', '\0', '', ' ', '"', '\\', '\n', '\u2028'],
  ...['\ud800', 'a\udfff', '👋', '0', '-0', '01', '4294967295', '1e400', '9007199254740993'],
]

/** JSON with keys that an object inherits, or that lead to its prototype. */
const POLLUTING = [
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '[{"a":{"__proto__":{"polluted":true},"toString":1}}]',
]

/** JSON that is not read as it is written, or not written as it is read. */
const ODD_JSON = [
  ...['-0', '1e400', '-1e400', '1e-400', '9007199254740993', '123456789012345678901', '1.0', '1E2'],
  ...['"\\ud800"', '"a\\udfff"', '"\\udc00\\ud800"', '"\\u0000"', '"\\u0041\\/"', '"\u2028"'],
  ...['[-0,1e400,[9007199254740993]]', '{"a":1,"b":2,"a":3}', '{"b":1,"7":2,"0":3}'],
  ...['{"a.b":1,"a":{"b":2}}', '{"a\\u0000":1,"a":2,"\\ud800":3}', ...POLLUTING],
]

/** Values that JSON writes as something else, or as nothing. */
export const VALUES: [name: string, value: unknown][] = [
  ['-0', -0],
  ['Infinity', Infinity],
  ['NaN', NaN],
  ['2 ** 53 + 2', 2 ** 53 + 2],
  ['a Date', new Date(0)],
  ['a Map', new Map([['a', 1]])],
  ['a boxed string', Object('text')],
  ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
  ['an object with undefined and a function', { a: undefined, b: () => {}, c: [undefined] }],
  ['a lone surrogate', 'a\ud800'],
  ...POLLUTING.map((json): [string, unknown] => [json, JSON.parse(json)]),
]

/** Texts of sessions with them. */
export const TEXTS = [
  ...ODD_JSON.map((json) => `[{"a":1,"value":${json}},{"message":${json}}]`),
  ...KEYS.map((key) => `[{"a":1,${JSON.stringify(key)}:2},{${JSON.stringify(key)}:3}]`),
  '[{"a":1,"b":2,"a":{"c":3}},{"m":1,"m":2}]',
  '[{"__proto__":{"a":1},"__proto__":{"b":2}},{"\\u005f_proto__":1,"__proto__":2}]',
  '[{"\\u0061":1,"a":2,"b":{"b":1,"b":2}},{}]',
  // The third element is of ours, but anybody may have written it.
  '[{"a":1},{"m":1},{"__proto__":{"polluted":true,"v":"AAAAAAAA","f":{"m":"BBBBBBBB"}}}]',
  '[{"a":1},{"m":1},{"f":{"__proto__":{"polluted":true},"m":1},"v":"AAAAAAAA"}]',
  '[{"a":1},{"m":1},{"f":[],"v":{"__proto__":[]},"constructor":{"prototype":{"polluted":true}}}]',
  '[{"a":1},{"m":1},{"v":"AAAAAAAA","v":"BBBBBBBB"},{"__proto__":{"polluted":true}}]',
]

/** Returns all properties of the prototypes of common objects, to see later that nobody has changed any. */
export function describePrototypes(): unknown[] {
  return [Object, Array, String, Map, Function].flatMap(({ prototype }) =>
    Reflect.ownKeys(prototype).map((key) => [key, Object.getOwnPropertyDescriptor(prototype, key)]),
  )
}
