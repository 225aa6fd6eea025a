/** The same Remix app on each storage, under load from another process. */
import type { HttpLoad, LoadClientMethods } from '../load-client.ts'
import { httpTitle } from '../report/text.ts'
import type { HttpFigures, HttpResult } from '../results.ts'
import { start, type RemoteProcess } from '../rpc.ts'
import {
  namesIn,
  turns,
  Samples,
  startWorkers,
  WORKER_START,
  type Bench,
  type Worker,
} from './bench.ts'

/** Connecting, and the cookies. */
const AROUND = 200

/** V8 has compiled an app as well as it ever will after some seconds under load. */
const WARM_UP: HttpLoad = { size: 4096, connections: 64 }
const WARM_UP_TIME = 4000
const START = WORKER_START + WARM_UP_TIME + AROUND

export function httpTime({ plan, names }: Pick<Bench, 'plan' | 'names'>): number {
  let { loads, ms, warmUp, rounds } = plan.http
  let perContender = START + (rounds + 1) * loads.length * (ms + warmUp + AROUND)
  return perContender * namesIn(names, plan.http).length
}

export async function measureHttp(bench: Bench): Promise<HttpResult[]> {
  let { plan, step } = bench
  let { loads, rounds, ms, warmUp } = plan.http
  let names = namesIn(bench.names, plan.http)
  let samples = loads.map(() => new Samples<keyof HttpFigures>())

  let client = start<LoadClientMethods>(new URL('../load-client.ts', import.meta.url))
  let workers = await startWorkers(bench, names)
  let ports = new Map<string, number>()
  for (let [name, worker] of workers) {
    step(`HTTP: warming up, ${name}`, START)
    ports.set(name, await worker.call.serve())
    await client.call.start(ports.get(name)!, WARM_UP)
    await client.call.measure(WARM_UP_TIME)
    await client.call.stop()
  }

  // The first round only warms up.
  for (let round = 0; round <= rounds; round++) {
    for (let [index, load] of loads.entries()) {
      for (let name of turns(names, round, index)) {
        step(`round ${round} of ${rounds}: ${httpTitle(load)}, ${name}`, ms + warmUp + AROUND)
        await client.call.start(ports.get(name)!, load)
        await client.call.measure(warmUp)
        let sample = await measure(workers.get(name)!, client, ms)
        if (round > 0) samples[index]!.add(name, sample)
        await client.call.stop()
      }
    }
  }
  await Promise.all([client.stop(), ...[...workers.values()].map((worker) => worker.stop())])

  return loads.map(({ size, connections }, index) => ({
    size,
    connections,
    figures: samples[index]!.all(names),
  }))
}

async function measure(
  worker: Worker,
  client: RemoteProcess<LoadClientMethods>,
  ms: number,
): Promise<Record<keyof HttpFigures, number>> {
  // The load goes on between these calls, so each has a clock of its own.
  let before = await worker.call.cpu()
  let { requests, elapsed, latency } = await client.call.measure(ms)
  let after = await worker.call.cpu()
  let requestsPerMs = requests / elapsed
  let cpuPerMs = (after.used - before.used) / (after.at - before.at)
  return {
    requestsPerSecond: requestsPerMs * 1000,
    process: cpuPerMs / requestsPerMs,
    p50: latency.p50,
    p99: latency.p99,
  }
}
