/** What it takes to get a storage, in a process that has done nothing yet. */
import type { Contender, OpenStorage } from '../contenders/contender.ts'
import { total } from './requests.ts'

export interface Startup {
  /** Milliseconds that importing takes. */
  import: number
  /** Milliseconds that creating the storage takes; ours loads the addon then. */
  create: number
  /** Milliseconds that connecting takes. */
  connect: number
  /** Milliseconds of the first request. */
  firstRead: number
  /** CPU time of the whole process for all of this, milliseconds. */
  cpu: number
  /** Resident memory that importing and creating added, bytes. */
  memory: number
}

export async function startUp(
  contender: Contender,
  urls: string[],
  id: string,
): Promise<{ open: OpenStorage; startup: Startup }> {
  globalThis.gc?.()
  let memory = process.memoryUsage.rss()
  let cpu = process.cpuUsage()

  let start = performance.now()
  let create = await contender.load()
  let imported = performance.now()
  let open = create(...(urls as [string, ...string[]]))
  let created = performance.now()
  memory = process.memoryUsage.rss() - memory
  let connecting = performance.now()
  await open.connect()
  let connected = performance.now()
  await open.storage.read(id)
  let answered = performance.now()

  return {
    open,
    startup: {
      import: imported - start,
      create: created - imported,
      connect: connected - connecting,
      firstRead: answered - connected,
      cpu: total(process.cpuUsage(cpu)) / 1000,
      memory,
    },
  }
}
