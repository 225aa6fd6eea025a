/** A JSON object that is parsed as far as it is looked at, and written as far as it may have changed. */
import type { Spans } from '../store/session-store.ts'
import type { TextPieces } from '../store/text-pieces.ts'

export type Values = Record<string, unknown>

/** In place of a value that is no longer there. */
const REMOVED = Symbol('removed')

/** How many numbers of {@link Spans} are counts, how many belong to a member, and what those are. */
const COUNTS = 2
const MEMBER_SPANS = 4
const KEY_START = 0
const KEY_END = 1
const VALUE_START = 2
const VALUE_END = 3

/** After so many searches for a key, a table of all keys is made: each search goes through the text. */
const MOST_SEARCHES = 16

/** The length of strings that are not parsed again each time they are asked for. */
const LONG = 64

/**
 * The values of a session, or its flash. It consists of the members that lie in the stored text, and
 * of those that were added to them.
 *
 * - What is asked for is parsed. If that is an object, it is kept: it has to be the same one the next
 *   time, and may be changed in place meanwhile.
 * - What was set is kept.
 * - Nothing else is touched: it is written as the bytes that it was read as.
 *
 * An object that was parsed as a whole has all its members among the added ones.
 */
export class JsonObject {
  readonly #text: string
  readonly #spans: Spans
  /** Where the spans of the first member are. */
  readonly #first: number
  /** How many members lie in the text. */
  readonly #count: number
  /** What is kept of the members in the text, by their index; `undefined` for an untouched one. */
  #kept: unknown[] | undefined
  /** Long strings that were parsed: as they cannot be changed in place, their bytes stay. */
  #strings: unknown[] | undefined
  /** How often a member was looked for in the text, and once that was often, where they are. */
  #searches = 0
  #indexes: Map<string, number> | undefined
  #removed = 0
  readonly #added: Values

  private constructor(text: string, spans: Spans, first: number, count: number, added: Values) {
    this.#text = text
    this.#spans = spans
    this.#first = first
    this.#count = count
    this.#added = added
  }

  /** @param values are the object's own from here on */
  static of(values: Values): JsonObject {
    return new JsonObject('', [], 0, 0, values)
  }

  /** Returns the values and the flash of a session, by the spans of its text. */
  static ofText(text: string, spans: Spans): [values: JsonObject, flash: JsonObject] {
    let [values = 0, flash = 0] = spans
    return [
      new JsonObject(text, spans, COUNTS, values, {}),
      new JsonObject(text, spans, COUNTS + MEMBER_SPANS * values, flash, {}),
    ]
  }

  get size(): number {
    return this.#count - this.#removed + Object.keys(this.#added).length
  }

  has(key: string): boolean {
    return this.#find(key) !== -1 || Object.hasOwn(this.#added, key)
  }

  /** Returns a value, or `undefined`, also for what every object inherits, such as `toString`. */
  get(key: string): unknown {
    let index = this.#find(key)
    if (index !== -1) return this.#valueOf(index)
    return Object.hasOwn(this.#added, key) ? this.#added[key] : undefined
  }

  /** @param value is not `undefined` */
  set(key: string, value: unknown): void {
    let index = this.#find(key)
    if (index === -1) setValueAt(this.#added, key, value)
    else this.#keep(index, value)
  }

  /** What is set again under the same key comes last. */
  delete(key: string): void {
    let index = this.#find(key)
    if (index === -1) {
      delete this.#added[key]
    } else {
      this.#keep(index, REMOVED)
      this.#removed++
    }
  }

  /** Returns a copy, which has the very objects that {@link get} returns. */
  toValues(): Values {
    let values: Values = {}
    for (let index = 0; index < this.#count; index++) {
      if (this.#kept?.[index] === REMOVED) continue
      setValueAt(values, this.#keyOf(index), this.#valueOf(index))
    }
    return { ...values, ...this.#added }
  }

  /**
   * Returns the object as JSON, with other text before and behind it.
   *
   * @throws if JSON cannot express a value
   */
  toJson(before: string, behind: string): TextPieces {
    let added = isEmpty(this.#added) ? '{}' : JSON.stringify(this.#added)
    if (this.#count === 0) return [before, added, behind]
    // A key that is an index comes first in an object of JavaScript, whenever it was added.
    if (/^\{"\d+"/.test(added)) return [before, JSON.stringify(this.toValues()), behind]

    let pieces = [`${before}{`]
    let hasMembers = this.#appendMembersInText(pieces)
    if (added !== '{}') pieces.push(hasMembers ? ',' : '', added.slice(1, -1))
    pieces.push(`}${behind}`)
    return pieces
  }

  /**
   * Appends the text of its members, in which only what is kept is written anew; returns whether there
   * are any.
   */
  #appendMembersInText(pieces: string[]): boolean {
    let start = this.#span(0, KEY_START) - 1
    let end = this.#span(this.#count - 1, VALUE_END)
    let rest = start
    let kept = this.#kept ?? []
    for (let index = 0; index < kept.length; index++) {
      let value = kept[index]
      if (value === undefined) continue

      let json = value === REMOVED ? undefined : jsonAt(this.#keyOf(index), value)
      if (json !== undefined) {
        pieces.push(this.#text.slice(rest, this.#span(index, VALUE_START)), json)
        rest = this.#span(index, VALUE_END)
      } else if (rest === this.#span(index, KEY_START) - 1) {
        // The first member goes with the comma behind it, any other with the one before.
        start = index + 1 < this.#count ? this.#span(index + 1, KEY_START) - 1 : end
        rest = start
      } else {
        pieces.push(this.#text.slice(rest, this.#span(index - 1, VALUE_END)))
        rest = this.#span(index, VALUE_END)
      }
    }
    pieces.push(this.#text.slice(rest, end))
    return start !== end
  }

  /** Returns the index of a member in the text, or -1, also for a key that is not a string after all. */
  #find(key: string): number {
    if (typeof key !== 'string') return -1
    let index = ++this.#searches > MOST_SEARCHES ? this.#lookUp(key) : this.#search(key)
    return index !== -1 && this.#kept?.[index] === REMOVED ? -1 : index
  }

  #lookUp(key: string): number {
    if (this.#indexes === undefined) {
      this.#indexes = new Map()
      for (let index = 0; index < this.#count; index++) this.#indexes.set(this.#keyOf(index), index)
    }
    return this.#indexes.get(key) ?? -1
  }

  #search(key: string): number {
    next: for (let index = 0; index < this.#count; index++) {
      let start = this.#span(index, KEY_START)
      if (this.#span(index, KEY_END) - start !== key.length) continue
      // Faster than `startsWith`, keys being short. From the end, because many keys begin alike.
      for (let at = key.length - 1; at >= 0; at--) {
        if (this.#text.charCodeAt(start + at) !== key.charCodeAt(at)) continue next
      }
      return index
    }
    return -1
  }

  #keyOf(index: number): string {
    return this.#text.slice(this.#span(index, KEY_START), this.#span(index, KEY_END))
  }

  #valueOf(index: number): unknown {
    let kept = this.#kept?.[index]
    if (kept !== undefined) return kept
    let string = this.#strings?.[index]
    if (string !== undefined) return string

    let start = this.#span(index, VALUE_START)
    let value = JSON.parse(this.#text.slice(start, this.#span(index, VALUE_END)))
    if (typeof value === 'object' && value !== null) this.#keep(index, value)
    else if (typeof value === 'string' && value.length >= LONG)
      (this.#strings ??= [])[index] = value
    return value
  }

  #keep(index: number, value: unknown): void {
    this.#kept ??= []
    this.#kept[index] = value
  }

  #span(index: number, which: number): number {
    return this.#spans[this.#first + MEMBER_SPANS * index + which]!
  }
}

/**
 * Assigning a property that `Object.prototype` has, too, may do something else: `__proto__` sets the
 * object's prototype, and where `Object.prototype` is frozen the assignment throws.
 */
export function setValueAt(values: Values, key: string, value: unknown): void {
  if (key in Object.prototype) {
    let property = { __proto__: null, value, configurable: true, enumerable: true, writable: true }
    Object.defineProperty(values, key, property)
  } else {
    values[key] = value
  }
}

/** Returns the JSON of a value under its key; `undefined` if JSON has no form for it, and leaves it out. */
function jsonAt(key: string, value: any): string | undefined {
  if (typeof value?.toJSON !== 'function') return JSON.stringify(value)

  // That is called with the key.
  let json = JSON.stringify({ [key]: value })
  return json === '{}' ? undefined : json.slice(JSON.stringify(key).length + 2, -1)
}

function isEmpty(values: Values): boolean {
  for (let key in values) if (Object.hasOwn(values, key)) return false
  return true
}
