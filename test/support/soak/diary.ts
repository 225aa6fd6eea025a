/** What became of the calls of a process: how many, what they failed with, and what must not be. */
import { RedisSessionStorageError } from 'remix-session-storage-redis'

export interface Diary {
  requests: number
  storages: number
  /** How many requests failed as they may, by the code of the error or of Redis's reply. */
  failures: Record<string, number>
  /** What must not happen, each in words. */
  problems: string[]
}

export interface Rules {
  /** Milliseconds that a call may take. */
  longest: number
  /** What requests may fail with: codes, or those of Redis's replies. */
  passing: string[]
}

export interface Keeper {
  diary: Diary
  problem(what: string): void
  /** A read or a save, which has to end in time. */
  timed<result>(call: Promise<result>): Promise<result>
  /** Something of several calls, which may fail together with Redis. */
  attempt(work: () => Promise<void>): Promise<void>
}

/** Enough to see what is wrong. */
const MOST_PROBLEMS = 20

export function keepDiary({ longest, passing }: Rules): Keeper {
  let diary: Diary = { requests: 0, storages: 0, failures: {}, problems: [] }

  function problem(what: string) {
    if (diary.problems.length < MOST_PROBLEMS) diary.problems.push(what)
  }

  return {
    diary,
    problem,
    async timed(call) {
      let start = performance.now()
      try {
        return await call
      } finally {
        let duration = performance.now() - start
        if (duration > longest) problem(`A call took ${Math.round(duration)} ms`)
      }
    },
    async attempt(work) {
      diary.requests++
      try {
        await work()
      } catch (error) {
        if (!(error instanceof RedisSessionStorageError)) return problem(inWords(error))
        let reason = error.reply ?? error.code
        if (!passing.includes(reason)) problem(inWords(error))
        diary.failures[reason] = (diary.failures[reason] ?? 0) + 1
      }
    },
  }
}

export function inWords(error: unknown): string {
  return error instanceof Error ? String(error.stack) : String(error)
}
