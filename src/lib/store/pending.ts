/** Admits calls to a store within its limits, and knows when the last of them has ended. */
import type { RedisSessionStorageError } from '../errors.ts'
import { closedError, tooManyBytesError, tooManyCommandsError } from './errors.ts'

export interface PendingLimits {
  maxPending: number
  maxPendingBytes: number
}

/**
 * The calls that wait for Redis. Their size is that of their ids and texts in UTF-16 code units,
 * which costs nothing to know: it is the bytes of ASCII text, and at least a third of any other's.
 */
export class Pending {
  readonly #limits: PendingLimits
  #calls = 0
  #bytes = 0
  #closed: Promise<void> | undefined
  #drained: (() => void) | undefined

  constructor(limits: PendingLimits) {
    this.#limits = limits
  }

  /** How many calls are pending. */
  get calls(): number {
    return this.#calls
  }

  /**
   * Counts a call in, or returns the error that refuses it. When no other is pending, a call of any
   * size is admitted: otherwise it never could be.
   *
   * @param isStep whether it belongs to a call that was admitted already: then nothing refuses it
   */
  admit(bytes: number, isStep = false): RedisSessionStorageError | undefined {
    let refusal = isStep ? undefined : this.#refusal(bytes)
    if (refusal !== undefined) return refusal

    this.#calls++
    this.#bytes += bytes
    return undefined
  }

  #refusal(bytes: number): RedisSessionStorageError | undefined {
    let { maxPending, maxPendingBytes } = this.#limits
    if (this.#closed !== undefined) return closedError()
    if (this.#calls >= maxPending) return tooManyCommandsError(maxPending)
    if (this.#bytes + bytes > maxPendingBytes && this.#calls > 0) {
      return tooManyBytesError(maxPendingBytes)
    }
    return undefined
  }

  /** Counts a call out that was admitted with so many bytes. */
  release(bytes: number): void {
    this.#calls--
    this.#bytes -= bytes
    if (this.#calls === 0) this.#drained?.()
  }

  /** Refuses further calls, and resolves when the last one has ended. */
  close(): Promise<void> {
    return (this.#closed ??= new Promise((resolve) => {
      if (this.#calls === 0) resolve()
      else this.#drained = resolve
    }))
  }
}
