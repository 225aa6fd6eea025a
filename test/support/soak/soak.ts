/** Everything that an app can do with storages, in a process of its own whose memory, threads and descriptors are watched. */
import { fork } from 'node:child_process'
import { once } from 'node:events'

import type { Sample, SoakOptions } from './process.ts'

export interface Soak {
  /** Has all users pause, and returns what there is then. */
  sample(): Promise<Sample>
  stop(): Promise<void>
}

export function startSoak(options: SoakOptions): Soak {
  let file = new URL('process.ts', import.meta.url)
  let child = fork(file, [JSON.stringify(options)], { execArgv: ['--expose-gc'] })
  let ended = once(child, 'exit')
  return {
    async sample() {
      let answer = once(child, 'message')
      child.send('sample', () => {})
      let [sample] = await Promise.race([answer, ended.then(([code]) => fail(code))])
      return sample
    },
    async stop() {
      if (child.connected) child.disconnect()
      let [code] = await ended
      if (code !== 0) fail(code)
    },
  }
}

function fail(code: unknown): never {
  throw new Error(`The process of the users has ended with ${code}`)
}
