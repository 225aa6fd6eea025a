/** Processes that work for themselves, and tell how that goes when they are asked. */
import { fork, type ForkOptions } from 'node:child_process'
import { once } from 'node:events'

export interface AskedProcess {
  /** The next message of the process. */
  message(): Promise<any>
  /** Sends a message to the process, and returns the next one of its own. */
  ask(): Promise<any>
  /** Has the process end, which it does when it is told that nobody asks any more. */
  stop(): Promise<void>
}

/** Starts a script with these options as JSON. Each verb fails if the process has ended by itself. */
export function startAskedProcess(
  script: URL,
  options: object,
  forkOptions: ForkOptions = {},
): AskedProcess {
  let child = fork(script, [JSON.stringify(options)], forkOptions)
  let ended = once(child, 'exit')

  function fail(code: unknown): never {
    throw new Error(`${script.pathname} has ended with ${code}`)
  }

  async function message() {
    let answer = once(child, 'message')
    let [first] = await Promise.race([answer, ended.then(([code]) => fail(code))])
    return first
  }

  return {
    message,
    ask() {
      let answer = message()
      child.send('', () => {})
      return answer
    },
    async stop() {
      if (child.connected) child.disconnect()
      let [code] = await ended
      if (code !== 0) fail(code)
    },
  }
}
