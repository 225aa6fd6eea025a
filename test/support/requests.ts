/**
 * Requests of one visitor that overlap, written down as text:
 *
 *     one: regenerate, save; other: destroy, save
 *
 * `one` and `other` have read the same session before anything else happens. Any other request begins
 * with `read` and an id, such as `next: read one1, save`.
 *
 * Ids have names: `old` is the one that was read, `one1` the first that `one` has got, `one2` the second.
 */
import type { Session } from '@remix-run/session'
import assert from 'node:assert/strict'
import type { RedisSessionStorage } from 'remix-session-storage-redis'

/** What a save may give besides an id: `''` and `null`. */
const CLEARED = 'cleared'
const LEFT_ALONE = 'left alone'

interface Request {
  session: Session
  storage: RedisSessionStorage
  /** How many values it has set, and ids it has got. */
  values: number
  ids: number
}

export class Requests {
  /** By their names. */
  readonly ids = new Map<string, string>()
  /** What was saved last under an id, by its name. */
  readonly saved = new Map<string, Session['data'][0]>()
  /** Each is of a process of its own; the requests take turns with them. */
  readonly #storages: RedisSessionStorage[]
  readonly #requests = new Map<string, Request>()
  readonly #results: Promise<string>[] = []

  constructor(storages: RedisSessionStorage[]) {
    this.#storages = storages
  }

  /**
   * @param cookie of the session that `one` and `other` read; `null` for a visitor without one, whose
   *   first id is `old` all the same
   */
  async begin(cookie: string | null): Promise<void> {
    for (let name of ['one', 'other']) await this.#read(name, cookie)
    this.ids.set('old', this.#requests.get('one')!.session.id)
  }

  /** Lets them do this, one after the other; returns what their saves gave. */
  async run(text: string): Promise<string> {
    for (let part of text.split('; ')) {
      let [name, steps] = part.split(': ')
      for (let step of steps!.split(', ')) await this.#step(name!, step)
    }
    return (await Promise.all(this.#results)).join(', ')
  }

  async #read(name: string, cookie: string | null): Promise<void> {
    let storage = this.#storages[this.#requests.size % this.#storages.length]!
    let session = await storage.read(cookie)
    this.#requests.set(name, { session, storage, values: 0, ids: 0 })
  }

  async #step(name: string, step: string): Promise<void> {
    if (step.startsWith('read ')) return this.#read(name, this.ids.get(step.slice(5))!)

    let request = this.#requests.get(name)!
    let { session } = request
    if (step === 'set') session.set(name, ++request.values)
    else if (step === 'flash') session.flash(name, ++request.values)
    else if (step === 'destroy') session.destroy()
    else if (step === 'regenerate' || step === 'replace') {
      session.regenerateId(step === 'replace')
      this.ids.set(`${name}${++request.ids}`, session.id)
    } else {
      let saved = this.#save(request)
      this.#results.push(saved)
      if (step === 'save') await saved
      else assert.equal(step, 'save at once')
    }
  }

  async #save({ session, storage }: Request): Promise<string> {
    let { data } = session
    let result = await storage.save(session)
    if (result === null) return LEFT_ALONE
    if (result === '') return CLEARED
    for (let [name, id] of this.ids) {
      if (id !== result) continue
      this.saved.set(name, data[0])
      return name
    }
    return result
  }
}
