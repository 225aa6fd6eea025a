/** Requests at a steady rate, whatever becomes of them, and what they and their event loop had to wait for. */
import { fork } from 'node:child_process'
import { once } from 'node:events'

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
  let file = new URL('process.ts', import.meta.url)
  let child = fork(file, [JSON.stringify(options)], { serialization: 'advanced' })
  let ended = once(child, 'exit')

  async function message(): Promise<any> {
    let answer = once(child, 'message')
    let [first] = await Promise.race([answer, ended.then(([code]) => fail(code))])
    return first
  }

  async function take(): Promise<Phase> {
    let answer = message()
    child.send('report', () => {})
    return answer
  }

  await message()
  return {
    async during(action) {
      let before = await take()
      await action()
      let phase = await take()
      return {
        ...phase,
        started: phase.started - before.started,
        succeeded: phase.succeeded - before.succeeded,
      }
    },
    async stop() {
      if (child.connected) child.disconnect()
      let [code] = await ended
      if (code !== 0) fail(code)
    },
  }
}

function fail(code: unknown): never {
  throw new Error(`The process that makes the load has ended with ${code}`)
}
