/** What an option may be: each kind of value, how it is read, and the error for anything else. */

/** Reads the values of one kind. */
export interface Reader<value> {
  /** The name of the kind, for the README. */
  type: string
  /**
   * Returns the value that was given for option `name`.
   *
   * @throws {TypeError} for a value of another type
   * @throws {RangeError} for a number out of bounds
   */
  read(given: unknown, name: string): value
}

export const text: Reader<string> = {
  type: 'string',
  read(given, name) {
    if (typeof given !== 'string') throw wrongType(name, 'a string', given)
    if (!given.isWellFormed()) throw new TypeError(`"${name}" must be well-formed Unicode text`)
    return given
  },
}

/** One or several of them, as a list. */
export function oneOrMore(kind: Reader<string>): Reader<string[]> {
  return {
    type: `${kind.type} or ${kind.type}[]`,
    read(given, name) {
      if (!Array.isArray(given)) return [kind.read(given, name)]
      if (given.length === 0) throw new TypeError(`"${name}" must have at least one element`)
      return given.map((element, index) => kind.read(element, `${name}[${index}]`))
    },
  }
}

export const flag: Reader<boolean> = {
  type: 'boolean',
  read(given, name) {
    if (typeof given !== 'boolean') throw wrongType(name, 'true or false', given)
    return given
  },
}

/** One of these texts. */
export function choice<const value extends string>(...values: value[]): Reader<value> {
  let wanted = values.map((value) => `'${value}'`).join(' or ')
  return {
    type: 'string',
    read(given, name) {
      if (typeof given !== 'string') throw wrongType(name, wanted, given)
      let value = values.find((value) => value === given)
      if (value === undefined) throw new TypeError(`"${name}" must be ${wanted}`)
      return value
    },
  }
}

/** A number of this unit; the bounds are allowed. */
export function number(bounds: { unit: string; min?: number; max: number }): Reader<number> {
  let { unit, min = -Infinity, max } = bounds
  let range = min === -Infinity ? `up to ${max}` : `from ${min} to ${max}`
  let wanted = `a number of ${unit} ${range}`
  return {
    type: 'number',
    read(given, name) {
      if (typeof given !== 'number') throw wrongType(name, wanted, given)
      if (!(given >= min && given <= max)) throw outOfBounds(name, wanted, given)
      return given
    },
  }
}

/** A whole number from 1 to `max`. */
export function count(max: number): Reader<number> {
  let wanted = `a whole number from 1 to ${max}`
  return {
    type: 'number',
    read(given, name) {
      if (typeof given !== 'number') throw wrongType(name, wanted, given)
      if (!(Number.isInteger(given) && given >= 1 && given <= max)) {
        throw outOfBounds(name, wanted, given)
      }
      return given
    },
  }
}

/** Returns a reader of the same values that does something to them. */
export function mapped<from, to>({ type, read }: Reader<from>, map: (value: from) => to) {
  return { type, read: (given: unknown, name: string): to => map(read(given, name)) }
}

/** An object with these properties, each of which may be missing unless it is needed. */
export function objectOf<shape extends object>(
  readers: { [name in keyof Required<shape>]: Reader<unknown> },
  needed: (keyof shape)[] = [],
): Reader<shape> {
  let names = Object.keys(readers)
  return {
    type: 'object',
    read(given, name) {
      if (typeof given !== 'object' || given === null) throw wrongType(name, 'an object', given)
      refuseUnknown(given, names, `in "${name}"`)
      for (let [property, { read }] of Object.entries<Reader<unknown>>(readers)) {
        let value = (given as Record<string, unknown>)[property]
        let isNeeded = needed.includes(property as keyof shape)
        if (value !== undefined || isNeeded) read(value, `${name}.${property}`)
      }
      return given as shape
    },
  }
}

/** Throws a `TypeError` if options are given by other names than these. */
export function refuseUnknown(options: object, names: string[], where: string): void {
  for (let [name, value] of Object.entries(options)) {
    if (value !== undefined && !names.includes(name)) {
      throw new TypeError(
        `There is no option "${name}" ${where}; the options are ${names.join(', ')}`,
      )
    }
  }
}

/** Names the kind of a value, never the value itself: it may be a secret in the wrong place. */
export function wrongType(name: string, wanted: string, given: unknown): TypeError {
  return new TypeError(`"${name}" must be ${wanted}, but is ${kindOf(given)}`)
}

function outOfBounds(name: string, wanted: string, given: number): RangeError {
  return new RangeError(`"${name}" must be ${wanted}, but is ${given}`)
}

function kindOf(value: unknown): string {
  if (value == null) return String(value)
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
