/** Remix's `Session` over the very objects that `JSON.parse` gave. */
import { Session } from '@remix-run/session'

/** What a session holds: `[values, flash]`. */
export type SessionData = Session['data']

type Values = Record<string, unknown>

/**
 * Behaves as Remix's `Session` does, which copies the values into `Map`s when it is made and out of
 * them when it is saved: half of what a request costs on the event loop. Here they stay as they are.
 * All that has to do with ids and destroying is left to Remix.
 */
export class JsonSession extends Session {
  readonly #values: Values
  /** What the request before has flashed, gone with the next save. */
  readonly #flash: Values
  #isFlashed = false
  #isChanged: boolean

  /** @param data is the session's own from here on */
  constructor(id?: string, data: SessionData = [{}, {}]) {
    super(id)
    this.#values = data[0]
    this.#flash = data[1]
    this.#isChanged = !isEmpty(data[1])
  }

  /** The data of a session for reading, without a copy where there need be none. */
  static peek(session: Session): SessionData {
    return session instanceof JsonSession && !session.destroyed
      ? [session.#values, session.#next]
      : session.data
  }

  override get data(): SessionData {
    return this.destroyed ? super.data : [{ ...this.#values }, this.#next]
  }

  override get dirty(): boolean {
    return this.#isChanged || super.dirty
  }

  override get size(): number {
    if (this.destroyed) return super.size
    return Object.keys(this.#values).length + Object.keys(this.#flash).length
  }

  override get(key: string): any {
    if (this.destroyed) return super.get(key)
    return valueAt(this.#values, key) ?? valueAt(this.#flash, key)
  }

  override has(key: string): boolean {
    if (this.destroyed) return super.has(key)
    return Object.hasOwn(this.#values, key) || Object.hasOwn(this.#flash, key)
  }

  override set(key: string, value: unknown): void {
    if (this.destroyed) return super.set(key, value)
    if (value == null) delete this.#values[key]
    else setValueAt(this.#values, key, value)
    this.#isChanged = true
  }

  override unset(key: string): void {
    if (this.destroyed) return super.unset(key)
    delete this.#values[key]
    this.#isChanged = true
  }

  override flash(key: string, value: unknown): void {
    super.flash(key, value)
    this.#isFlashed = true
  }

  /** What this request has flashed. */
  get #next(): Values {
    return this.#isFlashed ? super.data[1] : {}
  }
}

/**
 * Whether this class knows all that Remix's has. A later `Session` may have a member that looks for
 * the values where they are not.
 */
export function coversSession(): boolean {
  let known = new Set<PropertyKey>([
    ...Reflect.ownKeys(JsonSession.prototype),
    // These have nothing to do with the values.
    ...['id', 'deleteId', 'regenerateId', 'destroy', 'destroyed'],
  ])
  return Reflect.ownKeys(Session.prototype).every((name) => known.has(name))
}

/** Not what every object inherits, such as `toString`. */
function valueAt(values: Values, key: string): unknown {
  return Object.hasOwn(values, key) ? values[key] : undefined
}

/** Assigning to `__proto__` would set the object's prototype. */
function setValueAt(values: Values, key: string, value: unknown): void {
  if (key !== '__proto__') {
    values[key] = value
  } else {
    let property = { value, configurable: true, enumerable: true, writable: true }
    Object.defineProperty(values, key, property)
  }
}

function isEmpty(values: Values): boolean {
  for (let _ in values) return false
  return true
}
