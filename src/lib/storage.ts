/** Remix's `SessionStorage` over a {@link SessionStore}: which verb, when, under which conditions. */
import type { Session, SessionStorage } from '@remix-run/session'

import { ClientStore } from './clients/client-store.ts'
import {
  isClient,
  readClient,
  type RedisClient,
  type ValkeyGlideClient,
} from './clients/redis-client.ts'
import type { RedisSessionStorageError } from './errors.ts'
import { NativeStore } from './native/native-store.ts'
import type { ClientOptions, RedisSessionStorageOptions, UrlOptions } from './options.ts'
import { createReads } from './reads.ts'
import { impossibleId, isPossibleId, redacted } from './session/ids.ts'
import { Lifetime } from './session/lifetime.ts'
import { age, locationIn } from './session/stored-session.ts'
import { readDropInOptions, readOptions, type Settings } from './settings.ts'
import { CookieRefresh } from './overlap/cookie-refresh.ts'
import { logOut } from './overlap/logout.ts'
import { mergingSaves } from './overlap/merging-saves.ts'
import { overwritingSaves } from './overlap/overwriting-saves.ts'
import { isInPlace, saveInTurn } from './overlap/save-in-turn.ts'
import type { Saves } from './overlap/saves.ts'
import { Turns } from './overlap/turns.ts'
import type { SessionStore, Terms } from './store/session-store.ts'

/** A TTL that was refreshed less than this many milliseconds ago is as good as new. */
const FRESH_FOR = 1000

/** Remix's `SessionStorage`, and what a storage with a connection needs besides. */
export interface RedisSessionStorage extends SessionStorage {
  /**
   * Connects now rather than at the first use, to find a wrong address or password when the app starts.
   *
   * @throws {RedisSessionStorageError} `CONNECT`, when no connection was made within `timeout`
   */
  connect(): Promise<void>

  /**
   * Resolves once Redis has answered: a health check.
   *
   * @throws {RedisSessionStorageError} when it has not within `timeout`
   */
  ping(): Promise<void>

  /**
   * Whether a session was made up because Redis could not answer (`onUnavailable: 'anonymous'`): what a
   * request does to it is not kept.
   */
  isAnonymous(session: Session): boolean

  /**
   * Refuses new commands with `CLOSED`, waits for the pending ones, and closes the connection. A
   * passed client is left as it is: it belongs to the app. Closing twice is fine.
   */
  close(): Promise<void>

  /** The same as `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Creates a session storage that keeps sessions in Redis, for Remix's
 * `session(cookie, sessionStorage)` middleware.
 *
 * With a `url` the storage owns its connection, which is made at the first use. With a `client` it
 * uses a Redis client of the app.
 *
 * @example
 * let sessionStorage = createRedisSessionStorage({ url: 'redis://localhost:6379' })
 *
 * @throws {TypeError} for an option of the wrong type, or one that does not exist
 * @throws {RangeError} for a number that is out of bounds
 * @throws {RedisSessionStorageError} `NATIVE`, when a `url` is given and no native addon can be loaded
 */
export function createRedisSessionStorage(options: UrlOptions | ClientOptions): RedisSessionStorage
/**
 * Creates a session storage over a Redis client, in the form of `@remix-run/session-storage-redis`
 * and with its defaults: no TTL unless one is given, and no command for an unchanged session.
 *
 * @param options those of `DropInOptions`
 * @throws {TypeError} for an option of the wrong type, or one that does not exist
 * @throws {RangeError} for a number that is out of bounds
 */
export function createRedisSessionStorage(
  client: RedisClient | ValkeyGlideClient,
  options?: RedisSessionStorageOptions | null,
): RedisSessionStorage
export function createRedisSessionStorage(
  first: UrlOptions | ClientOptions | RedisClient | ValkeyGlideClient,
  second?: RedisSessionStorageOptions | null,
): RedisSessionStorage {
  let settings =
    second !== undefined || isClient(first)
      ? readDropInOptions(readClient(first, 'client'), second ?? null)
      : readOptions(first)
  return storageOver(createStore(settings), settings)
}

function createStore({ store, backend }: Settings): SessionStore {
  return backend.client === undefined
    ? new NativeStore(store, backend)
    : new ClientStore(store, backend.client)
}

function savesOf(
  store: SessionStore,
  turns: Turns,
  lifetime: Lifetime,
  { onConflict, store: { prefix, maxBytes } }: Settings,
): Saves {
  let context = { store, turns, lifetime, maxBytes, nameOf: (id: string) => redacted(prefix, id) }
  return onConflict === 'overwrite' ? overwritingSaves(context) : mergingSaves(context)
}

function storageOver(store: SessionStore, settings: Settings): RedisSessionStorage {
  let { refreshCookie } = settings
  let { rolling } = settings.store
  let turns = new Turns(store.pending)
  let lifetime = new Lifetime(settings.maxLifetime, settings.store.ttl)
  let saves = savesOf(store, turns, lifetime, settings)
  let cookies = new CookieRefresh(store, rolling)

  function save(session: Session): Promise<string | null> {
    try {
      if (typeof session?.id !== 'string') throw notASession()
      if (session.destroyed) return destroy(session)
      if (!session.dirty) return refresh(session)
      return write(session)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  function write(session: Session): Promise<string | null> {
    let { id, deleteId } = session
    if (!isPossibleId(id)) throw impossibleId()

    let location = locationIn(session, store)
    if (location.isAnonymous || lifetime.hasEnded(location)) return Promise.resolve(null)
    lifetime.begin(location)
    let target = { id, obsolete: isPossibleId(deleteId) ? deleteId : undefined }
    if (location.saving === null && isInPlace(location.id, target)) {
      return saves.save(session, id, location)
    }
    return saveInTurn(turns, saves.take(session, id, location), target, location)
  }

  function destroy(session: Session): Promise<string> {
    let { id: stored, asked, saving } = locationIn(session, store)
    let ids = [session.id, session.deleteId, stored, asked, ...(saving?.ids ?? [])]
    let unique = [...new Set(ids.filter(isPossibleId))]
    return turns.several(unique, (terms) => logOut(store, unique, terms)).then(() => '')
  }

  function refresh(session: Session): Promise<string | null> {
    let location = locationIn(session, store)
    let { id } = location
    if (id === null || lifetime.hasEnded(location)) return Promise.resolve(null)
    if (refreshCookie && cookies.isDue(id)) {
      return turns
        .several([id], (terms) => cookies.refresh(id, lifetime.bound(location, terms)))
        .catch(unlessClosed)
    }
    let isFresh = store.refreshesOnLoad && age(location) < FRESH_FOR
    if (!rolling || isFresh) return Promise.resolve(null)
    let touch = (terms?: Terms) => store.touch(id, () => null, lifetime.bound(location, terms))
    return turns.single(id, touch).catch(unlessClosed)
  }

  return {
    read: createReads({ store, turns, lifetime, settings }),
    save,
    isAnonymous: (session) => locationIn(session, store).isAnonymous,
    connect: () => store.ping(),
    ping: () => store.ping(),
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
  }
}

/** Nothing is lost when an unchanged session cannot be refreshed: it keeps the TTL that it has. */
function unlessClosed(error: unknown): null {
  if ((error as RedisSessionStorageError).code === 'CLOSED') throw error
  return null
}

function notASession(): TypeError {
  return new TypeError('save() needs a session, such as read() returns')
}
