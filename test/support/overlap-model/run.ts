/** Runs a program on storages, and notes what they were asked and what they have answered. */
import type { Session } from '@remix-run/session'
import type { Scheduler } from 'fast-check'
import assert from 'node:assert/strict'
import type { RedisSessionStorage } from 'remix-session-storage-redis'

import type { SideConnection } from '../redis.ts'
import type { Call, Read, Save } from './calls.ts'
import { Draft, texts } from './draft.ts'
import { KEYS, MESSAGES, type Program, type Request } from './program.ts'

export class Run {
  readonly calls: Call[] = []
  /** The ids that the visitor has been given, the latest at the end. */
  readonly #ids: string[] = []
  readonly #storages: RedisSessionStorage[]
  readonly #side: SideConnection
  #clock = 0

  constructor(storages: RedisSessionStorage[], side: SideConnection) {
    this.#storages = storages
    this.#side = side
  }

  /** Stores what the program starts with. */
  async begin({ values, flash }: Program): Promise<void> {
    let sets = Object.entries(values).map(([key, value]) => ({ does: 'set', key, value }) as const)
    let flashes = Object.entries(flash).map(
      ([key, message]) => ({ does: 'flash', key, message }) as const,
    )
    let draft = await this.#read(0, null)
    for (let step of [...sets, ...flashes, { does: 'set', key: 'first', value: true } as const]) {
      draft.do(step)
    }
    await this.#save(0, draft)
  }

  /** Does what the requests of one tab do, each call when the scheduler says so. */
  async tab(requests: Request[], name: string, s: Scheduler): Promise<void> {
    for (let request of requests) await this.#request(request, name, s)
  }

  async #request(request: Request, name: string, s: Scheduler): Promise<void> {
    let { process, waits, cookie, steps } = request
    await wait(waits, name, s)
    await s.schedule(Promise.resolve(), `${name} reads`)
    let draft = await this.#read(process, cookie === null ? null : this.#idAt(cookie))
    let saves: Promise<void>[] = []
    for (let step of steps) {
      if (step.does !== 'save') {
        draft.do(step)
        continue
      }
      await s.schedule(Promise.resolve(), `${name} saves`)
      let saved = this.#save(process, draft)
      saves.push(saved)
      if (step.isAwaited) await saved
    }
    await Promise.all(saves)
  }

  async expire({ waits, cookie }: Program['expiries'][number], s: Scheduler): Promise<void> {
    await wait(waits, 'an expiry', s)
    await s.schedule(Promise.resolve(), 'a session expires')
    let id = this.#idAt(cookie)
    let call = this.#begins({ verb: 'expiry' as const, id })
    await this.#ended(call, this.#side.del(`session:${id}`))
  }

  #idAt(cookie: number): string {
    return (cookie === 0 ? undefined : this.#ids.at(-cookie)) ?? this.#ids[0]!
  }

  #begins<call extends object>(call: call): call & { index: number; start: number; end: number } {
    let timed = { ...call, index: this.calls.length, start: ++this.#clock, end: Infinity }
    this.calls.push(timed as unknown as Call)
    return timed
  }

  #ended<result>(call: { end: number }, answer: Promise<result>): Promise<result> {
    return answer.finally(() => (call.end = ++this.#clock))
  }

  async #read(process: number, id: string | null): Promise<Draft> {
    let call: Read = this.#begins({ verb: 'read', id, found: null })
    let session = await this.#ended(call, this.#storages[process]!.read(id))
    if (session.id === id) call.found = foundIn(session)
    else assert.equal(session.size, 0)
    return new Draft(session, call)
  }

  async #save(process: number, draft: Draft): Promise<void> {
    let { session, read, touched, flashed, lastSave: before } = draft
    let storage = this.#storages[process]!
    let { id, deleteId } = session
    let known = { read, before, id, deleteId }
    if (session.destroyed) {
      let call = this.#begins({ verb: 'logout' as const, ...known })
      assert.equal(await this.#ended(call, storage.save(session)), '')
      return
    }
    if (!draft.isDirty) {
      assert.equal(await storage.save(session), null)
      return
    }
    let mine = draft.snapshot()
    let call: Save = this.#begins({
      ...{ verb: 'save' as const, ...known },
      ...{ mine, touched, flashed, result: null },
    })
    draft.lastSave = call
    call.result = await this.#ended(call, storage.save(session))
    if (call.result !== null && !this.#ids.includes(call.result)) this.#ids.push(call.result)
  }
}

async function wait(turns: number, name: string, s: Scheduler): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await s.schedule(Promise.resolve(), `${name} waits`)
}

/** What a session holds that was just read. */
function foundIn(session: Session): NonNullable<Read['found']> {
  let [values] = session.data
  let keys = [...KEYS, ...MESSAGES, 'first'].filter((key) => session.has(key))
  assert.equal(session.size, keys.length)
  let messages = keys.filter((key) => !Object.hasOwn(values, key))
  return {
    values: texts(values),
    messages: texts(Object.fromEntries(messages.map((key) => [key, session.get(key)]))),
  }
}
