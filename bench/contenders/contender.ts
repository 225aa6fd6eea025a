/** What the benchmark needs to know of a session storage to measure it. */

/** The part of a Remix `Session` that the work here uses. */
export interface StoredSession {
  readonly id: string
  get(key: string): unknown
  set(key: string, value: unknown): void
}

/** Remix's `SessionStorage`; each copy of `@remix-run/session` has a `Session` class of its own. */
export interface Storage {
  read(cookie: string | null): Promise<StoredSession>
  save(session: any): Promise<string | null>
}

export interface OpenStorage {
  storage: Storage
  /** Resolves once the connection is there. */
  connect(): Promise<void>
  close(): Promise<void> | void
  /** Replaces all sessions with these; only for a storage that is not in Redis. */
  fill?(ids: string[], text: string): void
  /** Returns the text of a session that is stored; only for a storage that is not in Redis. */
  textOf?(id: string): string | undefined
}

export interface Contender {
  name: string
  /**
   * `ours`: a form of this package. `before`: this package in another version. `peer`: what one could
   * use instead. `floor`: no network at all.
   */
  kind: 'ours' | 'before' | 'peer' | 'floor'
  /** The npm packages to name the versions of in the results. */
  packages: string[]
  /**
   * Imports all that an app would import, which nothing may have imported before, because this is
   * timed. Resolves to a function that creates a storage whose sessions live for {@link TTL} seconds. It
   * gets the URL of the server, or those of all nodes of a cluster.
   */
  load(): Promise<(url: string, ...others: string[]) => OpenStorage>
}

/** Every contender's sessions expire, as they do in an app: seconds. */
export const TTL = 7 * 24 * 60 * 60
