/** The life of a call on a client: when its turn comes, how often it is tried, and that it ends at its deadline. */
import { WrongAnswer } from './answers.ts'
import type { Caller } from './caller.ts'
import { isA, toStorageError, type ClientErrors } from './client-error.ts'
import { DeadlineSignal } from './deadline-signal.ts'
import { Deadline, Deadlines } from './deadlines.ts'
import { RedisSessionStorageError } from '../errors.ts'
import { LateWrites } from './late-writes.ts'
import { isOnTheMove } from '../store/refusals.ts'
import { waited, type Terms } from '../store/session-store.ts'
import { Order, type Turn } from '../store/order.ts'
import { pause } from '../store/pause.ts'
import type { Pending } from '../store/pending.ts'

/** What is asked of the client. */
export interface Request<result> {
  /** The session that it is about; none for a ping. */
  id?: string
  /** Whether others on the session wait for it: it takes several commands, or the client keeps no order. */
  holds: boolean
  /** Whether a text may be different afterwards. */
  isWrite: boolean
  /** How much has to wait until it is done. */
  bytes: number
  /** Returns the reply, or a promise of it; may throw. */
  send(caller: Caller): unknown
  /** Turns the reply into the caller's result. */
  then(reply: any): result | Promise<result>
  terms: Terms | undefined
  /** Returns what takes the place of an error reply with this code, if anything does. */
  insteadOf?: (code: string) => unknown
  /**
   * What is done where the connection broke: the request is made again, or the reply counts as `false`, or, by
   * default, it fails.
   */
  whenBroken?: 'again' | 'false'
}

/** How often a request is made that the client fails at. A client that is closed fails at once, again and again. */
const MOST_TRIES = 5

export interface CallsSettings {
  pending: Pending
  /** Milliseconds. */
  timeout: number
  errors: ClientErrors
  /** Whether the client carries out the commands of one session in the order in which it gets them. */
  keepsOrder: boolean
}

export class Calls {
  readonly #settings: CallsSettings
  readonly #order = new Order()
  readonly #deadlines: Deadlines
  readonly #lateWrites: LateWrites

  constructor(settings: CallsSettings) {
    this.#settings = settings
    this.#deadlines = new Deadlines(settings.timeout)
    // Whoever comes after a deadline has the other half of a timeout left.
    this.#lateWrites = new LateWrites(settings.timeout / 2)
  }

  get pending(): number {
    return this.#settings.pending.calls
  }

  /** Makes a request when it is its turn. */
  make<result>(request: Request<result>): Promise<result> {
    let { id, holds, bytes, terms } = request
    let { pending, timeout } = this.#settings
    let refusal = pending.admit(bytes, terms?.since !== undefined)
    if (refusal !== undefined) return Promise.reject(refusal)

    let left = timeout - waited(terms)
    if (left <= 0) {
      pending.release(bytes)
      return Promise.reject(timeoutError(timeout))
    }
    return new Promise((resolve, reject) => {
      let call = new Call(this, request, resolve, reject)
      this.#deadlines.add(call, left)
      if (id === undefined || (!holds && this.#order.isIdle)) this.#send(call)
      else this.#order.enter([id], holds, (turn) => this.#begin(call, turn))
    })
  }

  /** Ends a call at its deadline. */
  giveUp(call: Call): void {
    let { id, isWrite } = call.request!
    let { timeout, keepsOrder } = this.#settings
    if (call.isSent && isWrite && !keepsOrder) call.answeredLate = this.#lateWrites.add(id!)
    this.#reject(call, call.refusal ?? timeoutError(timeout))
  }

  /** Begins with a call that has its turn. */
  #begin(call: Call, turn: Turn): void {
    if (!call.isWaiting) {
      this.#order.leave(turn)
      return
    }
    call.turn = turn
    let late = this.#lateWrites.of(call.request!.id!)
    if (late === undefined) this.#send(call)
    else void late.then(() => this.#send(call))
  }

  #send(call: Call): void {
    // Its deadline may have passed meanwhile.
    if (!call.isWaiting) return
    call.isSent = true
    // The next try of a write may be done, whatever has become of the one before.
    if (call.request!.isWrite) call.refusal = undefined
    replyOf(call).then(
      (reply) => this.#answered(call, reply),
      (error: unknown) => this.#failed(call, error),
    )
  }

  #answered(call: Call, reply: unknown): void {
    call.isSent = false
    let { request } = call
    if (request === undefined) {
      call.answeredLate?.()
      return
    }
    try {
      call.resolve(request.then(reply))
    } catch (error) {
      call.reject(error)
    }
    this.#end(call)
    this.#leave(call)
  }

  #failed(call: Call, error: unknown): void {
    call.isSent = false
    let { request } = call
    if (request === undefined) {
      call.answeredLate?.()
      return
    }
    if (isA(error, WrongAnswer)) {
      this.#reject(call, error)
      return
    }
    let { id, insteadOf, whenBroken } = request
    let failure = toStorageError(error, id === undefined ? [] : [id], this.#settings.errors)
    let instead =
      failure.code === 'REDIS'
        ? insteadOf?.(failure.reply!)
        : whenBroken === 'false'
          ? false
          : undefined
    if (instead !== undefined) {
      this.#answered(call, instead)
    } else if (request.holds && isOnTheMove(failure.reply ?? '')) {
      call.refusal = failure
      void pause(++call.refusals).then(() => this.#send(call))
    } else if (failure.code !== 'REDIS' && whenBroken === 'again' && ++call.breaks < MOST_TRIES) {
      void pause(call.breaks).then(() => this.#send(call))
    } else {
      this.#reject(call, failure)
    }
  }

  #reject(call: Call, error: unknown): void {
    call.reject(error)
    this.#end(call)
    this.#leave(call)
  }

  /** Ends a call for its caller. */
  #end(call: Call): void {
    let { bytes } = call.request!
    call.request = undefined
    if (call.after !== call) this.#deadlines.remove(call)
    this.#settings.pending.release(bytes)
  }

  /** Ends a call for those that wait behind it. */
  #leave(call: Call): void {
    let { turn } = call
    call.turn = undefined
    if (turn !== undefined) this.#order.leave(turn)
  }
}

class Call extends Deadline implements Caller {
  /**
   * Dropped when the call ends. It may still be waiting for its turn then, and would keep the session in
   * memory.
   */
  request: Request<any> | undefined
  readonly resolve: (result: any) => void
  readonly reject: (error: unknown) => void
  turn: Turn | undefined
  /** What is called when the client has answered a write after its deadline. */
  answeredLate: (() => void) | undefined
  /** Whether the client has a command of it that it has not answered. */
  isSent = false
  /** How often the client has failed at it. */
  breaks = 0
  /** How often Redis has refused it for the moment. */
  refusals = 0
  /** What Redis has refused it with for the moment, so that it waits to be sent again. */
  refusal: RedisSessionStorageError | undefined
  readonly #calls: Calls
  #signal: DeadlineSignal | undefined

  constructor(
    calls: Calls,
    request: Request<any>,
    resolve: (result: any) => void,
    reject: (error: unknown) => void,
  ) {
    super()
    this.#calls = calls
    this.request = request
    this.resolve = resolve
    this.reject = reject
  }

  get isWaiting(): boolean {
    return this.request !== undefined
  }

  get signal(): DeadlineSignal {
    return (this.#signal ??= new DeadlineSignal())
  }

  get pending(): number {
    return this.#calls.pending
  }

  override expire(): void {
    this.#calls.giveUp(this)
    // What the client says of it now is said to nobody.
    this.#signal?.abort()
  }
}

/** Has a call's commands sent. */
function replyOf(call: Call): Promise<unknown> {
  try {
    return Promise.resolve(call.request!.send(call))
  } catch (error) {
    return Promise.reject(error)
  }
}

function timeoutError(timeout: number): RedisSessionStorageError {
  return new RedisSessionStorageError(
    'TIMEOUT',
    `The Redis client did not answer within ${timeout} ms. ` +
      'Check that it is connected and that Redis is up, or raise "timeout".',
  )
}
