/** Remix's `Session` over JSON that is parsed as far as a request looks at it. */
import { createSessionId, Session } from '@remix-run/session'

import type { TextPieces } from '../store/text-pieces.ts'
import { JsonObject, setValueAt, type Values } from './json-object.ts'
import { LOCATION, nowhere, type Location } from './location.ts'

/** Never changes: what is flashed is seen by the next request only. */
const NO_FLASH = JsonObject.of({})

const NO_KEYS: readonly string[] = []

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
  readonly #values: JsonObject
  /** What the request before has flashed, gone with the next save. */
  readonly #flash: JsonObject
  /** What this request has flashed. */
  #next: Values | undefined
  #id: string
  #deleteId: string | undefined
  #isDestroyed = false
  #isChanged: boolean
  /** JSON calls a function of that name, and writes what it returns in place of all values. */
  #mayHaveToJson = false
  #touched: string[] | undefined
  #flashed: string[] | undefined
  #location: Location | undefined

  constructor(id = createSessionId(), values = JsonObject.of({}), flash = NO_FLASH) {
    super()
    this.#originalId = id
    this.#id = id
    this.#values = values
    this.#flash = flash
    this.#isChanged = flash.size > 0
  }

  /**
   * Returns the JSON of what is to be stored of a session: `[values, flash`, and then `end` in place of
   * the closing bracket.
   *
   * @throws if JSON cannot express a value
   */
  static toJson(session: Session, end: string): TextPieces {
    // Not `instanceof`: a proxy around a session is an instance, too, but has no private fields.
    if (!(#values in session) || session.#isDestroyed || session.#mayHaveToJson) {
      return [JSON.stringify(session.data).slice(0, -1), end]
    }
    let flash = session.#next === undefined ? '{}' : JSON.stringify(session.#next)
    return session.#values.toJson('[', `,${flash}${end}`)
  }

  /** Returns the keys that were set or removed, in the order of the calls; none of a foreign session. */
  static touchedIn(session: Session): readonly string[] {
    return (#values in session && session.#touched) || NO_KEYS
  }

  /** Returns the keys that were flashed, in the order of the calls; none of a foreign session. */
  static flashedIn(session: Session): readonly string[] {
    return (#values in session && session.#flashed) || NO_KEYS
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
    return this.#values.size + this.#flash.size
  }

  override get data(): Session['data'] {
    return this.#isDestroyed ? [{}, {}] : [this.#values.toValues(), { ...this.#next }]
  }

  override get(key: string): any {
    if (this.#isDestroyed) return undefined
    return this.#values.get(key) ?? this.#flash.get(key)
  }

  override has(key: string): boolean {
    if (this.#isDestroyed) return false
    return this.#values.has(key) || this.#flash.has(key)
  }

  override set(key: string, value: unknown): void {
    this.#change(key)
    ;(this.#touched ??= []).push(key)
    if (value == null) this.#values.delete(key)
    else this.#values.set(key, value)
  }

  override unset(key: string): void {
    this.#change()
    ;(this.#touched ??= []).push(key)
    this.#values.delete(key)
  }

  override flash(key: string, value: unknown): void {
    this.#change(key)
    ;(this.#flashed ??= []).push(key)
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

  /** @param key under which a value is to be put */
  #change(key?: string): void {
    if (this.#isDestroyed) throw new Error('Session has been destroyed')
    this.#isChanged = true
    if (key === 'toJSON') this.#mayHaveToJson = true
  }
}

// A session says that it is a `Session`, also where it is printed.
Object.defineProperty(JsonSession.prototype, 'constructor', { value: Session })

/** Whether this class has every member of Remix's class: a later `Session` may have more. */
export function coversSession(): boolean {
  return Reflect.ownKeys(Session.prototype).every((name) =>
    Object.hasOwn(JsonSession.prototype, name),
  )
}
