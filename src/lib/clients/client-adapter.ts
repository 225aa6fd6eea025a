/**
 * What a family of Redis clients has to do for a session store. To add one: a file with a
 * {@link ClientFamily}, a line in `client-families.ts`, and a line in the tests' list of backends.
 */
import type { Condition, Expected } from '../store/session-store.ts'
import type { RedisClient } from './redis-client.ts'

export type Over = Extract<Condition, string>

/** Clients that are used in the same way. */
export interface ClientFamily {
  /** Whether a client is one of the family, by the methods that it has. */
  includes(client: RedisClient): boolean

  adapt(client: RedisClient): ClientAdapter
}

export type AdapterVerb =
  'load' | 'loadAndRefresh' | 'save' | 'replace' | 'touch' | 'delete' | 'append'

/** A session store's verbs in the words of one client. None of them throws synchronously. */
export interface ClientAdapter {
  /** Whether `loadAndRefresh` refreshes the TTL, in the same round trip. */
  readonly refreshesOnLoad: boolean

  /**
   * Whether a verb is a single command to the best of what is known now, and the client sends
   * commands in the order in which it gets them.
   */
  isSingle(verb: AdapterVerb): boolean

  /** Returns the value of a key, or `null` if there is none. */
  load(key: string): Promise<string | null>

  /** Does what `load` does, and lets the key expire after `ttl` seconds. */
  loadAndRefresh(key: string, ttl: number): Promise<string | null>

  /**
   * Writes a key, to expire after `ttl` seconds if that is not `null`, and returns whether it was
   * written: in place of any or none, only of one that exists, or only of none.
   */
  save(key: string, text: string, ttl: number | null, over: Over): Promise<boolean>

  /** Writes a key in place of a certain text; left out where the client cannot. */
  replace?(key: string, text: string, ttl: number | null, expected: Expected): Promise<boolean>

  /** Lets a key expire after `ttl` seconds, and returns whether it exists. */
  touch(key: string, ttl: number): Promise<boolean>

  /** Deletes a key, whether it exists or not. */
  delete(key: string): Promise<unknown>

  /** Adds to the end of a text, which may be none yet; left out where the client cannot. */
  append?(key: string, text: string): Promise<unknown>
}

/** Returns the text of a reply: clients may be set up to return buffers. */
export function toText(reply: unknown): string | null {
  if (reply == null) return null
  return typeof reply === 'string' ? reply : Buffer.from(reply as Uint8Array).toString('utf8')
}
