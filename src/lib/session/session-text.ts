/** A session as the text that Redis holds, the same bytes as `@remix-run/session-storage-redis`. */
import type { Session } from '@remix-run/session'

import { RedisSessionStorageError } from '../errors.ts'
import type { Spans, Unreadable } from '../store/session-store.ts'
import { sizeOver, type TextPieces } from '../store/text-pieces.ts'
import { JsonObject, type Values } from './json-object.ts'
import { JsonSession } from './json-session.ts'

/**
 * How much deeper than alone a value is nested to find the one that is too deep: in the session it lay
 * deeper than alone, too, and there was less of the stack left.
 */
const DEEPER = 100

/**
 * Writes a session as JSON: `[values, flash`, and then `end` in place of the closing bracket.
 *
 * @throws {RedisSessionStorageError} `UNSERIALIZABLE`
 */
export function toJson(session: Session, end: string): TextPieces {
  try {
    return JsonSession.toJson(session, end)
  } catch {
    throw unserializable(session.data)
  }
}

/** Returns the error of data that JSON cannot express, without the reason as a cause: it may hold some of that. */
export function unserializable(data: Session['data']): RedisSessionStorageError {
  let key = unserializableKey(data)
  return new RedisSessionStorageError(
    'UNSERIALIZABLE',
    `The session was not saved: JSON cannot express its value ${JSON.stringify(key)}. ` +
      'Store plain JSON values (no BigInt, no cycles, nothing nested too deep).',
  )
}

/** @throws {RedisSessionStorageError} `TOO_LARGE` */
export function checkSize(text: TextPieces, maxBytes: number): void {
  let bytes = sizeOver(maxBytes, text)
  if (bytes !== undefined) {
    throw new RedisSessionStorageError(
      'TOO_LARGE',
      `The session was not saved: it has ${bytes} bytes, and "maxBytes" allows ${maxBytes}. ` +
        'Store less in it, or raise "maxBytes".',
    )
  }
}

/** A session as it was read; `third` leads to the third element, or says whether there is one. */
export type Loaded = [values: JsonObject, flash: JsonObject, third: Spans | boolean]

/**
 * Reads what this package or `@remix-run/session-storage-redis` wrote. With `spans`, nothing is parsed yet.
 *
 * @throws {RedisSessionStorageError} `CORRUPT`
 */
export function fromText(text: string | Unreadable, spans: Spans | undefined, key: string): Loaded {
  if (typeof text !== 'string') throw corrupt(key, text.why)
  if (spans === undefined) return parsed(text, key)
  let [values, flash] = JsonObject.ofText(text, spans)
  return [values, flash, spans]
}

function parsed(text: string, key: string): Loaded {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    // The parser's own words quote the text, which is session data.
    throw corrupt(key, 'is not JSON')
  }
  if (!isSessionData(data)) throw corrupt(key, 'is not of the form [values, flash]')
  return [JsonObject.of(data[0]), JsonObject.of(data[1]), isRecord(data[2])]
}

function isSessionData(data: unknown): data is [Values, Values, unknown] {
  return Array.isArray(data) && isRecord(data[0]) && isRecord(data[1])
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Returns the error for what is stored at a key and is not a session. */
export function corrupt(key: string, why: string): RedisSessionStorageError {
  return new RedisSessionStorageError(
    'CORRUPT',
    `What Redis holds at ${key} ${why}, so it is not a session. ` +
      'Delete the key, or use another "prefix" if the key belongs to something else.',
  )
}

function unserializableKey(data: Session['data']): string {
  return failingKey(data, 0) ?? failingKey(data, DEEPER) ?? '(unknown)'
}

/** Returns the first key whose value JSON cannot express when it is nested so much deeper. */
function failingKey(data: Session['data'], deeper: number): string | undefined {
  for (let values of data) {
    for (let [key, value] of Object.entries(values)) {
      try {
        JSON.stringify(nested(value, deeper))
      } catch {
        return key
      }
    }
  }
  return undefined
}

function nested(value: unknown, depth: number): unknown {
  for (let left = depth; left > 0; left--) value = [value]
  return value
}
