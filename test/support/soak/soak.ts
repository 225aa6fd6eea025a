/** Everything that an app can do with storages, in a process of its own whose memory, threads and descriptors are watched. */
import { startAskedProcess } from '../asked-process.ts'
import type { Sample, SoakOptions } from './process.ts'

export interface Soak {
  /** Has all users pause, and returns what there is then. */
  sample(): Promise<Sample>
  stop(): Promise<void>
}

export function startSoak(options: SoakOptions): Soak {
  let script = new URL('process.ts', import.meta.url)
  let users = startAskedProcess(script, options, { execArgv: ['--expose-gc'] })
  return { sample: () => users.ask(), stop: () => users.stop() }
}
