/** A session that a request has open, and by its side what an app may expect of it, in plain objects. */
import type { Session } from '@remix-run/session'
import assert from 'node:assert/strict'

import type { Step } from './program.ts'
import type { Read, Save } from './calls.ts'

/** JSON by keys. */
export type Texts = Record<string, string>

/** A session at some moment: what it has, and how many of the changes are in that. */
export interface Snapshot {
  values: Texts
  messages: Texts
  touched: number
  flashed: number
}

export class Draft {
  readonly session: Session
  readonly read: Read
  /** The keys that were set or removed, and those that were flashed. */
  readonly touched: string[] = []
  readonly flashed: string[] = []
  lastSave: Save | undefined
  #values: Record<string, unknown>
  #shown: Record<string, unknown>
  #next: Record<string, unknown> = {}
  #isDirty: boolean

  constructor(session: Session, read: Read) {
    this.session = session
    this.read = read
    this.#values = parsed(read.found?.values ?? {})
    this.#shown = parsed(read.found?.messages ?? {})
    this.#isDirty = Object.keys(this.#shown).length > 0
  }

  get isDirty(): boolean {
    return this.#isDirty
  }

  snapshot(): Snapshot {
    return {
      values: texts(this.#values),
      messages: texts(this.#next),
      touched: this.touched.length,
      flashed: this.flashed.length,
    }
  }

  do(step: Step): void {
    let { session } = this
    if (session.destroyed) return
    if (step.does === 'get') {
      assert.deepEqual(session.get(step.key), this.#values[step.key] ?? this.#shown[step.key])
      return
    }
    if (step.does === 'mutate') {
      // Objects of the flash are left alone, because they are gone with the next save.
      if (!Array.isArray(this.#values[step.key])) return
      for (let list of [session.get(step.key), this.#values[step.key]] as unknown[][]) list.push(0)
      return
    }
    if (step.does === 'destroy') {
      session.destroy()
      return
    }
    this.#isDirty = true
    if (step.does === 'set') {
      session.set(step.key, structuredClone(step.value))
      this.touched.push(step.key)
      if (step.value === null) delete this.#values[step.key]
      else this.#values[step.key] = structuredClone(step.value)
    } else if (step.does === 'unset') {
      session.unset(step.key)
      this.touched.push(step.key)
      delete this.#values[step.key]
    } else if (step.does === 'flash') {
      session.flash(step.key, step.message)
      this.flashed.push(step.key)
      this.#next[step.key] = step.message
    } else if (step.does === 'regenerate') {
      session.regenerateId(step.deletesOld)
    }
  }
}

export function texts(values: object): Texts {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, JSON.stringify(value)]),
  )
}

function parsed(texts: Texts): Record<string, unknown> {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, JSON.parse(text)]))
}
