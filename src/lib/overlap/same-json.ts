/** Whether two values are the same as JSON, the order of their keys included. */
export function isSameJson(one: unknown, other: unknown): boolean {
  // A list rather than a recursion: values may be nested deeper than the stack allows.
  let pairs = [[one, other]]
  for (let [first, second] of pairs) {
    if (first === second) continue
    if (!isObject(first) || !isObject(second)) return false
    if (Array.isArray(first) !== Array.isArray(second)) return false

    let keys = Object.keys(first)
    let others = Object.keys(second)
    if (keys.length !== others.length) return false
    for (let [index, key] of keys.entries()) {
      if (key !== others[index]) return false
      pairs.push([first[key], second[key]])
    }
  }
  return true
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
