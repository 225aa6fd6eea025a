/** The {@link SessionStore} over a Redis client of the app. */
import { commandsOf, type ClientCommands } from './client-commands.ts'
import { RedisSessionStorageError } from '../errors.ts'
import type { RedisClient } from './redis-client.ts'
import type { Replaced, SessionStore, StoreSettings } from '../store/session-store.ts'
import { closedError, overloadedError } from '../store/errors.ts'

/** Says whether the caller has been told already that its deadline has passed. */
type Expired = () => boolean

export class ClientStore implements SessionStore {
  readonly refreshesOnLoad: boolean
  readonly #settings: StoreSettings
  readonly #commands: ClientCommands
  /** The ids in use by a call of several commands, and the end of the last such call. */
  readonly #busy = new Map<string, Promise<unknown>>()
  #pending = 0
  #closed: Promise<void> | undefined
  #drained: (() => void) | undefined

  constructor(settings: StoreSettings, client: RedisClient) {
    this.#settings = settings
    this.#commands = commandsOf(client)
    this.refreshesOnLoad = this.#commands.refreshesOnLoad && settings.rolling
  }

  load<result>(id: string, then: (text: string | null) => result): Promise<result> {
    let { rolling, ttl } = this.#settings
    let key = this.#key(id)
    return this.#call(
      [id],
      () =>
        rolling && ttl !== null
          ? this.#commands.loadAndRefresh(key, ttl)
          : this.#commands.load(key),
      then,
    )
  }

  save<result>(
    id: string,
    text: string,
    { stored, obsolete }: Replaced,
    then: (written: boolean) => result,
  ): Promise<result> {
    let ids = [id, stored, obsolete].filter((id) => id !== null)
    return this.#call(
      ids,
      async (expired) => {
        let onlyExisting = stored === id
        if (stored !== null && stored !== id) {
          onlyExisting = (await this.#commands.load(this.#key(stored))) === null
        }
        if (expired()) return false

        let key = this.#key(id)
        let written = await this.#commands.save(key, text, this.#settings.ttl, onlyExisting)
        if (written && obsolete !== null && !expired()) {
          await this.#commands.delete(this.#key(obsolete))
        }
        return written
      },
      then,
    )
  }

  touch<result>(id: string, then: (found: boolean) => result): Promise<result> {
    let { ttl } = this.#settings
    return this.#call(
      [id],
      async () => ttl === null || this.#commands.touch(this.#key(id), ttl),
      then,
    )
  }

  delete<result>(ids: string[], then: () => result): Promise<result> {
    return this.#call(
      ids,
      () => Promise.all(ids.map((id) => this.#commands.delete(this.#key(id)))),
      then,
    )
  }

  ping(): Promise<void> {
    return this.#call(
      [],
      () => this.#commands.load(this.#key('ping')),
      () => undefined,
    )
  }

  close(): Promise<void> {
    return (this.#closed ??= new Promise((resolve) => {
      if (this.#pending === 0) resolve()
      else this.#drained = resolve
    }))
  }

  #key(id: string): string {
    return this.#settings.prefix + id
  }

  /** Runs `work` after the calls before it on the same ids, and ends it at the deadline. */
  #call<answer, result>(
    ids: string[],
    work: (expired: Expired) => Promise<answer>,
    then: (answer: answer) => result,
  ): Promise<result> {
    let { timeout, maxPending } = this.#settings
    if (this.#closed !== undefined) return Promise.reject(closedError())
    if (this.#pending >= maxPending) return Promise.reject(overloadedError(maxPending))

    this.#pending++
    return new Promise((resolve, reject) => {
      let isSettled = false
      let settle = (end: () => void) => {
        if (isSettled) return
        isSettled = true
        clearTimeout(timer)
        end()
        if (--this.#pending === 0) this.#drained?.()
      }
      let timer = setTimeout(() => settle(() => reject(timeoutError(timeout))), timeout)

      let expired = () => isSettled
      let start = async () => {
        if (expired()) throw timeoutError(timeout)
        return work(expired)
      }
      this.#inOrder(ids, start).then(
        (answer) =>
          settle(() => {
            try {
              resolve(then(answer))
            } catch (error) {
              reject(error)
            }
          }),
        (error: unknown) => settle(() => reject(toStorageError(error))),
      )
    })
  }

  /**
   * A client sends commands in the order it gets them. Only a call of several commands needs care:
   * until it has ended, other calls on its ids wait.
   */
  #inOrder<answer>(ids: string[], work: () => Promise<answer>): Promise<answer> {
    let before = ids.map((id) => this.#busy.get(id)).filter((call) => call !== undefined)
    let call = before.length === 0 ? work() : Promise.allSettled(before).then(work)

    // With `GETEX` and `SET … XX`, one id is one command; without them it may be several.
    let isOneCommand = before.length === 0 && ids.length <= 1 && this.#commands.refreshesOnLoad
    if (!isOneCommand) {
      let forget = () => {
        for (let id of ids) if (this.#busy.get(id) === call) this.#busy.delete(id)
      }
      for (let id of ids) this.#busy.set(id, call)
      call.then(forget, forget)
    }
    return call
  }
}

function timeoutError(timeout: number): RedisSessionStorageError {
  return new RedisSessionStorageError(
    'TIMEOUT',
    `The Redis client did not answer within ${timeout} ms. ` +
      'Check that it is connected and that Redis is up, or raise "timeout".',
  )
}

/** Error replies are Redis's own words, whose first is a code; anything else is the connection. */
function toStorageError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  let reply = /^([A-Z][A-Z0-9]+) /.exec(error.message)?.[1]
  return reply === undefined
    ? new RedisSessionStorageError('DISCONNECTED', `The Redis client failed: ${error.message}`, {
        cause: error,
      })
    : new RedisSessionStorageError('REDIS', `Redis answered: ${error.message}`, {
        cause: error,
        reply,
      })
}
