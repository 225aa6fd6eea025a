/**
 * One contender in a process of its own: `worker.ts <contender> <port of Redis> [<other checkout>]`. With several
 * ports, as in `7001,7002,7003`, these are the nodes of a cluster.
 */
import { clusterContenders } from './contenders/cluster.ts'
import type { OpenStorage } from './contenders/contender.ts'
import { contendersWith } from './contenders/index.ts'
import { serveApp } from './jobs/http-app.ts'
import { measureIdle } from './jobs/idle.ts'
import { createPending, type PendingKind } from './jobs/pending.ts'
import { createRequests, total, type Load } from './jobs/requests.ts'
import { startUp } from './jobs/startup.ts'
import { answer } from './rpc.ts'

let [name = '', ports = '', before] = process.argv.slice(2)
let urls = ports.split(',').map((port) => `redis://127.0.0.1:${port}`)
let open: OpenStorage
let requests: ReturnType<typeof createRequests>
let pending: ReturnType<typeof createPending>

const methods = {
  async open(id: string) {
    let contenders = urls.length > 1 ? clusterContenders : contendersWith(before)
    let started = await startUp(contenders[name]!, urls, id)
    open = started.open
    requests = createRequests(open)
    pending = createPending(open)
    return started.startup
  },
  prepare: (load: Load, warmUp: number) => requests.prepare(load, warmUp),
  measure: (ms: number) => requests.measure(ms),
  storedSize: (id: string) => requests.storedSize(id),
  idle: (idleMs: number, busyMs: number) => measureIdle(open, idleMs, busyMs),
  preparePending: () => pending.preparePending(),
  pending: (kind: PendingKind) => pending.pending(kind),
  serve: () => serveApp(open.storage),
  /** CPU time that the process has used until now, microseconds, and when that is, milliseconds. */
  cpu: () => ({ used: total(process.cpuUsage()), at: performance.now() }),
}

export type WorkerMethods = typeof methods

answer(methods)
