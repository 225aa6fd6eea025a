/** Requests at a steady rate, whatever becomes of them, and what they and their event loop had to wait for. */
import { startAskedProcess } from '../asked-process.ts'
import type { Call, LoadOptions } from './process.ts'
import type { Turn } from './turns.ts'

export interface Phase {
  /** How many requests were sent, and how many succeeded. */
  started: number
  succeeded: number
  /** How many requests failed, by the code of the error or of Redis's reply. */
  failures: Record<string, number>
  calls: Call[]
  turns: Turn[]
}

export interface Load {
  /** Returns what has happened while `action` ran. */
  during(action: () => Promise<unknown>): Promise<Phase>
  stop(): Promise<void>
}

/** Starts a process that makes the load, so that what breaks the servers does not get in its way. */
export async function startLoad(options: LoadOptions): Promise<Load> {
  let script = new URL('process.ts', import.meta.url)
  let load = startAskedProcess(script, options, { serialization: 'advanced' })
  // It has begun.
  await load.message()
  return {
    async during(action) {
      let before: Phase = await load.ask()
      await action()
      let phase: Phase = await load.ask()
      return {
        ...phase,
        started: phase.started - before.started,
        succeeded: phase.succeeded - before.succeeded,
      }
    },
    stop: () => load.stop(),
  }
}
