/** Calls between the benchmark and the processes that it measures. */
import { fork, type ChildProcess } from 'node:child_process'

type Methods = Record<string, (...args: any[]) => unknown>

/** The methods of a process as its parent sees them. */
export type Remote<methods extends Methods> = {
  [name in keyof methods]: (
    ...args: Parameters<methods[name]>
  ) => Promise<Awaited<ReturnType<methods[name]>>>
}

export interface RemoteProcess<methods extends Methods> {
  call: Remote<methods>
  stop(): Promise<void>
}

/** Answers the parent's calls, one at a time, until the parent is gone. */
export function answer(methods: Methods): void {
  process.on('message', async ({ name, args }: { name: string; args: unknown[] }) => {
    try {
      process.send!({ result: await methods[name]!(...args) })
    } catch (error) {
      process.send!({ error: error instanceof Error ? error.stack : String(error) })
    }
  })
  process.once('disconnect', () => process.exit())
}

/** Starts a module in a process of its own. */
export function start<methods extends Methods>(
  module: URL,
  args: string[] = [],
): RemoteProcess<methods> {
  let child = fork(module, args, { execArgv: ['--expose-gc'] })
  let call = new Proxy({} as Remote<methods>, {
    get:
      (_, name: string) =>
      (...args: unknown[]) =>
        ask(child, name, args),
  })
  return {
    call,
    stop() {
      if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
      return new Promise((resolve) => {
        child.once('exit', () => resolve())
        child.kill('SIGKILL')
      })
    },
  }
}

function ask(child: ChildProcess, name: string, args: unknown[]): Promise<any> {
  return new Promise((resolve, reject) => {
    let onMessage = (message: any) => {
      child.off('exit', onExit)
      if ('error' in message) reject(new Error(message.error))
      else resolve(message.result)
    }
    let onExit = (code: number | null, signal: string | null) => {
      child.off('message', onMessage)
      reject(new Error(`The process ended (${signal ?? code}) during "${name}"`))
    }
    child.once('message', onMessage)
    child.once('exit', onExit)
    child.send({ name, args })
  })
}
