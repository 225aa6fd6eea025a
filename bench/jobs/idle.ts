/** What a storage with little or nothing to do costs. */
import { setTimeout as sleep } from 'node:timers/promises'

import type { OpenStorage } from '../contenders/contender.ts'
import { sessionIds, sessionText, SMALL } from '../sessions.ts'
import { total } from './requests.ts'

/** CPU time of the process, percent of one core. */
export interface IdleCpu {
  idle: number
  /** At {@link RATE} requests per second. */
  busy: number
}

export const RATE = 100

export async function measureIdle(
  { storage, fill }: OpenStorage,
  idleMs: number,
  busyMs: number,
): Promise<IdleCpu> {
  let ids = sessionIds(SMALL)
  fill?.(ids, sessionText(SMALL))

  async function request(index: number): Promise<void> {
    let session = await storage.read(ids[index % ids.length]!)
    session.set('count', 1_000_000 + index)
    await storage.save(session)
  }

  async function paced(ms: number): Promise<void> {
    let pending: Promise<void>[] = []
    let timer = setInterval(() => pending.push(request(pending.length)), 1000 / RATE)
    await sleep(ms)
    clearInterval(timer)
    await Promise.all(pending)
  }

  // Before there is much garbage, because collecting it is not the storage's cost.
  for (let index = 0; index < 10; index++) await request(index)
  globalThis.gc?.()
  await sleep(300)
  let idle = await cpuPercent(() => sleep(idleMs))

  for (let index = 0; index < 2000; index++) await request(index)
  await paced(200)
  let busy = await cpuPercent(() => paced(busyMs))
  return { idle, busy }
}

async function cpuPercent(work: () => Promise<void>): Promise<number> {
  let cpu = process.cpuUsage()
  let start = performance.now()
  await work()
  return (total(process.cpuUsage(cpu)) / 1000 / (performance.now() - start)) * 100
}
