/** Remix's `Session` over the very objects that `JSON.parse` returned. */
import { createSessionId, Session } from '@remix-run/session'

import { LOCATION, nowhere, type Location } from './location.ts'

/** What a session holds: `[values, flash]`. */
export type SessionData = Session['data']

type Values = Record<string, unknown>

/**
 * A session without what Remix's constructor makes: three `Map`s, into which it copies the values.
 * They and the copying are more than half of what a session costs on the event loop.
 */
const BareSession = function () {} as unknown as new () => Session
BareSession.prototype = Session.prototype

/**
 * Behaves as Remix's `Session` and overrides every member of it. What they do is documented there;
 * the tests compare the two classes.
 */
export class JsonSession extends BareSession {
  readonly #originalId: string
  readonly #values: Values
  /** What the request before has flashed, gone with the next save. */
  readonly #flash: Values
  /** What this request has flashed. */
  #next: Values | undefined
  #id: string
  #deleteId: string | undefined
  #isDestroyed = false
  #isChanged: boolean
  #location: Location | undefined

  /** @param data is the session's own from here on */
  constructor(id = createSessionId(), data: SessionData = [{}, {}]) {
    super()
    this.#originalId = id
    this.#id = id
    this.#values = data[0]
    this.#flash = data[1]
    this.#isChanged = !isEmpty(data[1])
  }

  /** Returns the data of a session for reading, without a copy where none is needed. */
  static peek(session: Session): SessionData {
    // Not `instanceof`: a proxy around a session is an instance, too, but has no private fields.
    return #values in session && !session.#isDestroyed
      ? [session.#values, session.#next ?? {}]
      : session.data
  }

  /**
   * A getter on the prototype over a private field, rather than a property: it works through a
   * proxy and on a frozen session, and printing the session does not show the id.
   */
  get [LOCATION](): Location {
    return (this.#location ??= nowhere())
  }

  override get id(): string {
    return this.#id
  }

  override get deleteId(): string | undefined {
    return this.#deleteId
  }

  override get destroyed(): boolean {
    return this.#isDestroyed
  }

  override get dirty(): boolean {
    return this.#isChanged
  }

  override get size(): number {
    if (this.#isDestroyed) return 0
    return Object.keys(this.#values).length + Object.keys(this.#flash).length
  }

  override get data(): SessionData {
    return this.#isDestroyed ? [{}, {}] : [{ ...this.#values }, { ...this.#next }]
  }

  override get(key: string): any {
    if (this.#isDestroyed) return undefined
    return valueAt(this.#values, key) ?? valueAt(this.#flash, key)
  }

  override has(key: string): boolean {
    if (this.#isDestroyed) return false
    return Object.hasOwn(this.#values, key) || Object.hasOwn(this.#flash, key)
  }

  override set(key: string, value: unknown): void {
    this.#change()
    if (value == null) delete this.#values[key]
    else setValueAt(this.#values, key, value)
  }

  override unset(key: string): void {
    this.#change()
    delete this.#values[key]
  }

  override flash(key: string, value: unknown): void {
    this.#change()
    this.#next ??= {}
    setValueAt(this.#next, key, value)
  }

  override regenerateId(deleteOldSession = false): void {
    this.#change()
    if (deleteOldSession) this.#deleteId = this.#originalId
    this.#id = createSessionId()
  }

  override destroy(): void {
    this.#isDestroyed = true
  }

  #change(): void {
    if (this.#isDestroyed) throw new Error('Session has been destroyed')
    this.#isChanged = true
  }
}

/** Whether this class has every member of Remix's class: a later `Session` may have more. */
export function coversSession(): boolean {
  return Reflect.ownKeys(Session.prototype).every((name) =>
    Object.hasOwn(JsonSession.prototype, name),
  )
}

/** Ignores what every object inherits, such as `toString`. */
function valueAt(values: Values, key: string): unknown {
  return Object.hasOwn(values, key) ? values[key] : undefined
}

/**
 * Assigning a property that `Object.prototype` has, too, may do something else: `__proto__` sets the
 * object's prototype, and where `Object.prototype` is frozen the assignment throws.
 */
function setValueAt(values: Values, key: string, value: unknown): void {
  if (key in Object.prototype) {
    let property = { __proto__: null, value, configurable: true, enumerable: true, writable: true }
    Object.defineProperty(values, key, property)
  } else {
    values[key] = value
  }
}

/** Not what `for … in` finds on `Object.prototype`, where some libraries put properties. */
function isEmpty(values: Values): boolean {
  for (let key in values) if (Object.hasOwn(values, key)) return false
  return true
}
