/** Reads sessions: what a visitor gets for the id in a cookie. */
import type { Session } from '@remix-run/session'
import { channel } from 'node:diagnostics_channel'

import type { RedisSessionStorageError } from './errors.ts'
import { MOVED } from './overlap/present.ts'
import { StoredText } from './overlap/stored-text.ts'
import type { Turns } from './overlap/turns.ts'
import { isPossibleId, redacted } from './session/ids.ts'
import type { Lifetime } from './session/lifetime.ts'
import { fromText } from './session/session-text.ts'
import {
  anonymousSession,
  loadedSession,
  locationIn,
  newSession,
  unknownSession,
} from './session/stored-session.ts'
import type { Settings } from './settings.ts'
import { isForNow } from './store/refusals.ts'
import type { SessionStore, Spans, Terms, Unreadable } from './store/session-store.ts'

/** Hears of stored values that are no session, where those are discarded. */
const discarded = channel('remix-session-storage-redis:discarded')

/** Hears of reads that Redis could not answer, where their visitors are anonymous then. */
const unavailable = channel('remix-session-storage-redis:unavailable')

interface Context {
  store: SessionStore
  turns: Turns
  lifetime: Lifetime
  settings: Settings
}

/** Returns what reads the session that a cookie names. */
export function createReads({ store, turns, lifetime, settings }: Context) {
  let { useUnknownIds, onCorrupt, onUnavailable } = settings
  let { prefix, rolling } = settings.store

  /** @throws {RedisSessionStorageError} `CORRUPT` */
  function sessionOf(id: string, text: string | null | Unreadable, spans?: Spans): Session {
    if (text === null) return unknownSession(store, id, useUnknownIds ? id : undefined)
    if (text === MOVED) return unknownSession(store, id)
    try {
      let loaded = fromText(text, spans, redacted(prefix, id))
      let session = loadedSession(store, id, text as string, loaded)
      if (!lifetime.isLimited) return session
      let location = locationIn(session, store)
      location.createdAt = StoredText.read(text as string, loaded[2]).version.createdAt
      return lifetime.hasEnded(location) ? unknownSession(store, id) : session
    } catch (error) {
      if (onCorrupt === 'throw') throw error
      discarded.publish({ key: redacted(prefix, id), error })
      return newSession()
    }
  }

  /** Reads a session whose TTL depends on when it was created, which only its text tells. */
  function loadLimited(
    id: string,
    then: (text: string | null | Unreadable, spans?: Spans) => Session,
    terms?: Terms,
  ): Promise<Session> {
    return store.peek(
      id,
      (text, spans) => {
        let session = then(text, spans)
        let location = locationIn(session, store)
        if (rolling && location.id !== null) {
          let now = { since: performance.now() }
          store.touch(id, () => {}, lifetime.bound(location, now)).catch(() => {})
        }
        return session
      },
      terms,
    )
  }

  /** Has visitors go on without a session for as long as Redis cannot answer. */
  function orAnonymous(id: string, error: unknown): Session {
    if (!isUnavailable(error as RedisSessionStorageError)) throw error
    unavailable.publish({ key: redacted(prefix, id), error })
    return anonymousSession(store, id)
  }

  return function read(cookie: string | null): Promise<Session> {
    if (cookie != null && typeof cookie !== 'string') return Promise.reject(notACookie())
    if (!isPossibleId(cookie)) return Promise.resolve(newSession())

    let then = (text: string | null | Unreadable, spans?: Spans) => sessionOf(cookie, text, spans)
    let session = turns.single(cookie, (terms) =>
      lifetime.isLimited ? loadLimited(cookie, then, terms) : store.load(cookie, then, terms),
    )
    if (onUnavailable === 'throw') return session
    return session.catch((error: unknown) => orAnonymous(cookie, error))
  }
}

function isUnavailable({ code, reply = '' }: RedisSessionStorageError): boolean {
  if (code === 'REDIS') return isForNow(reply)
  return ['CONNECT', 'TIMEOUT', 'DISCONNECTED', 'OVERLOADED'].includes(code)
}

function notACookie(): TypeError {
  return new TypeError('read() needs the value of a cookie: a string, or null without a cookie')
}
