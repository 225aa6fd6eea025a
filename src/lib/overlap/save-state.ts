/** What has become of a session since a request has read it, and its saves. */
import type { Session } from '@remix-run/session'

import { JsonSession } from '../session/json-session.ts'
import type { Location } from '../session/location.ts'
import { setValueAt } from '../session/json-object.ts'
import { toJson } from '../session/session-text.ts'
import type { Change } from './merge.ts'
import { makeNonce } from './nonce.ts'
import { NOT_STORED, NOTHING_FLASHED, StoredText, type Flashed } from './stored-text.ts'

export interface SaveState {
  /** What the store holds, as far as is known; `null` for nothing. */
  held: StoredText | null
  /** The session as it was when it was read, or as this request has saved it last. */
  base: StoredText
  /** How many of the touched and of the flashed keys are in `base`. */
  touched: number
  flashed: number
  /** The latest of the saves that have begun since `base`: it is under way, or has failed. */
  attempt: Save | null
}

/** A session at the moment in which it was saved. */
export interface Save {
  readonly id: string
  readonly location: Location
  readonly state: SaveState
  /** What its text is made over: that of the state may be of a later save by the time it is written. */
  readonly base: StoredText
  /** The session as this request would have it. */
  readonly text: StoredText
  /** Names the save. */
  readonly nonce: string
  /** The keys that were set or removed in the course of the request; the first so many of them count. */
  readonly touched: readonly string[]
  readonly touchedCount: number
  /** The same for keys that were flashed. */
  readonly flashed: readonly string[]
  readonly flashedCount: number
  /** The save before, of which nobody knows whether it happened; of many, the latest. */
  before: Save | null
}

/** How many saves that have failed are remembered: their texts take memory. */
const MOST_BEFORE = 4

/** @throws {RedisSessionStorageError} `UNSERIALIZABLE` */
export function makeSave(session: Session, id: string, location: Location): Save {
  let state = (location.state ??= newState(location))
  let nonce = makeNonce()
  let touched = JsonSession.touchedIn(session)
  let flashed = JsonSession.flashedIn(session)
  let version = state.base.version.next(nonce, noncesOf(flashed, nonce, state), location.createdAt)
  let before = state.attempt
  forgetOldest(before)
  return {
    id,
    location,
    state,
    base: state.base,
    text: new StoredText(toJson(session, version.end), version),
    nonce,
    touched,
    touchedCount: touched.length,
    flashed,
    flashedCount: flashed.length,
    before,
  }
}

function forgetOldest(save: Save | null): void {
  let last = save
  for (let count = 1; last !== null && count < MOST_BEFORE; count++) last = last.before
  if (last !== null) last.before = null
}

function newState({ text, third }: Location): SaveState {
  let held = text === null ? null : StoredText.read(text, third)
  return { held, base: held ?? NOT_STORED, touched: 0, flashed: 0, attempt: null }
}

/** Returns the nonces of messages: what was flashed before the last save keeps its own. */
function noncesOf(keys: readonly string[], nonce: string, { base, flashed }: SaveState): Flashed {
  if (keys.length === 0) return NOTHING_FLASHED
  // Those in a text that was read are of messages that are gone with this save.
  let nonces = flashed === 0 ? {} : base.version.flashed
  for (let key of keys.slice(flashed)) setValueAt(nonces, key, nonce)
  return nonces
}

/** Returns what a request has done to a session since it has read or last saved it. */
export function changeOf({ state, text, nonce, ...save }: Save): Change {
  return {
    createdAt: save.location.createdAt,
    base: state.base,
    mine: text,
    touched: save.touched.slice(state.touched, save.touchedCount),
    flashed: save.flashed.slice(state.flashed, save.flashedCount),
    nonce,
  }
}

/** Takes note that a save has happened, and of what the store holds since. */
export function advance(state: SaveState, save: Save, held: StoredText): void {
  state.held = held
  state.base = save.text
  state.touched = save.touchedCount
  state.flashed = save.flashedCount
  forget(state, save)
}

/** Takes note that a save has ended. What has begun since is not concerned. */
export function forget(state: SaveState, save: Save): void {
  if (state.attempt === save) state.attempt = null
}

/** Returns the latest of a save and those before it that has made a text; `undefined` for none. */
export function latestIn(text: StoredText, save: Save): Save | undefined {
  for (let each: Save | null = save; each !== null; each = each.before) {
    if (text.version.names(each.nonce)) return each
  }
  return undefined
}
