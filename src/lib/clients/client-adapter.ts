/**
 * What a family of Redis clients has to do for a session store. To add one: a file with a
 * {@link ClientFamily}, a line in `client-families.ts`, and a line in the tests' list of backends.
 */
import type { Caller } from './caller.ts'
import type { ClientErrors } from './client-error.ts'
import type { Condition, Expected } from '../store/session-store.ts'
import type { RedisClient } from './redis-client.ts'

export type Over = Extract<Condition, string>

/** Clients that are used in the same way. */
export interface ClientFamily {
  /** Whether a client is one of the family, by the methods that it has. */
  includes(client: RedisClient): boolean

  /** Returns why something of the same library is no client, and what to pass instead, as in `'"client" is …'`. */
  objectionTo?(client: RedisClient): string | undefined

  adapt(client: RedisClient): ClientAdapter
}

export type AdapterVerb =
  'load' | 'loadAndRefresh' | 'save' | 'replace' | 'touch' | 'delete' | 'append'

/** A text to be written, to expire after `ttl` seconds if that is not `null`. */
export interface Write<over> {
  text: string
  ttl: number | null
  /** What it may take the place of. */
  over: over
}

/**
 * A session store's verbs in the words of one client. They return the client's reply, or a promise of it, of
 * which `answers.ts` knows what it means, and may throw.
 */
export interface ClientAdapter {
  readonly errors: ClientErrors

  /** What is put in front of keys because the app has set the client up to, and it does not do so here. */
  readonly keyPrefix: string

  /** Whether `loadAndRefresh` refreshes the TTL, in the same round trip. */
  readonly refreshesOnLoad: boolean

  /** Whether the client carries out commands on the same key in the order in which it gets them. */
  readonly keepsOrder: boolean

  /** Whether `touch` writes the text again, and could do so over another one. */
  readonly touchWrites: boolean

  /** Whether a verb is a single command to the best of what is known now. */
  isSingle(verb: AdapterVerb): boolean

  /** Replies with the value of a key, or nothing if there is none. */
  load(key: string, caller: Caller): unknown

  /** Does what `load` does, and lets the key expire after `ttl` seconds. */
  loadAndRefresh(key: string, ttl: number, caller: Caller): unknown

  /** Writes a key; replies whether it was written. */
  save(key: string, write: Write<Over>, caller: Caller): unknown

  /** Writes a key in place of a certain text; left out where the client cannot. */
  replace?(key: string, write: Write<Expected>, caller: Caller): unknown

  /** Lets a key expire after `ttl` seconds; replies whether it exists. */
  touch(key: string, ttl: number, caller: Caller): unknown

  /** Deletes a key, whether it exists or not. */
  delete(key: string, caller: Caller): unknown

  /** Adds to the end of a text, which may be none yet; left out where the client cannot. */
  append?(key: string, text: string, caller: Caller): unknown
}
