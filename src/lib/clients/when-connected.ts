/**
 * Keeps commands back while a client is not connected. It would send all that it has queued once it is connected again,
 * also for callers who were told `TIMEOUT` long ago, and over what others have written since.
 */
import type { CommandClient } from './command-adapter.ts'

type Send = CommandClient['send']

interface Waiting {
  args: Parameters<Send>
  resolve(reply: unknown): void
  reject(error: unknown): void
}

/** Milliseconds between two looks: listeners are not added to clients of the app. */
const PAUSE = 10

export function whenConnected(isConnected: () => boolean, send: Send): Send {
  let waiting: Waiting[] = []
  let timer: NodeJS.Timeout | undefined

  function look(): void {
    let [dropped, kept] = [[] as Waiting[], [] as Waiting[]]
    for (let each of waiting) (each.args[2].isWaiting ? kept : dropped).push(each)
    waiting = kept
    for (let { reject } of dropped) reject(new Error('Nobody waits for this any longer'))
    if (waiting.length > 0 && !isConnected()) return

    clearInterval(timer)
    timer = undefined
    let connected = waiting
    waiting = []
    for (let { args, resolve, reject } of connected) {
      try {
        resolve(send(...args))
      } catch (error) {
        reject(error)
      }
    }
  }

  return (...args) => {
    // In order: behind those that wait, if the client has connected since they were looked at.
    if (waiting.length === 0 && isConnected()) return send(...args)
    return new Promise((resolve, reject) => {
      waiting.push({ args, resolve, reject })
      timer ??= setInterval(look, PAUSE).unref()
    })
  }
}
