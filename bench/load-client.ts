/** Loads an HTTP app with autocannon, in a process of its own. */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

import autocannon, { type Client, type Instance, type Options } from 'autocannon'

import { answer } from './rpc.ts'
import type { Size } from './sessions.ts'
import { percentiles, type Percentiles } from './statistics.ts'

export interface HttpLoad {
  /** Of the sessions, which are carts. */
  size: Size
  connections: number
}

export interface HttpMeasured {
  requests: number
  /** Milliseconds. */
  elapsed: number
  /** Microseconds. */
  latency: Percentiles
}

/** Milliseconds between the moments at which autocannon notices that it should stop. */
const STOP_WITHIN = 10

let load: Instance
let latencies = new Float64Array(1 << 20)
let count = 0
let failure: Error | undefined

const methods = {
  /** Starts a load: on each connection one request at a time, with a session of its own. */
  async start(port: number, { size, connections }: HttpLoad): Promise<void> {
    let url = `http://127.0.0.1:${port}`
    let cookies = await Promise.all(
      Array.from({ length: connections }, () => newSession(url, size)),
    )
    failure = undefined
    let options: Options = {
      url: `${url}/count`,
      connections,
      duration: 3600,
      sampleInt: STOP_WITHIN,
      setupClient: (client) => client.setHeaders({ cookie: cookies.pop()! }),
    }
    // Without a callback it would return a promise instead.
    load = autocannon(options, () => {})
    load.on('response', (_client: Client, status: number, _bytes: number, took: number) => {
      if (status !== 200) failure = new Error(`The app answered with status ${status}`)
      if (count < latencies.length) latencies[count++] = took * 1000
    })
    load.on('reqError', (error) => (failure = error))
  },

  /** Measures the load for so many milliseconds. */
  async measure(ms: number): Promise<HttpMeasured> {
    count = 0
    let start = performance.now()
    await sleep(ms)
    let elapsed = performance.now() - start
    if (failure) throw failure
    return { requests: count, elapsed, latency: percentiles(latencies.subarray(0, count)) }
  },

  /** Ends the load. */
  async stop(): Promise<void> {
    let done = once(load, 'done')
    load.stop()
    await done
  },
}

export type LoadClientMethods = typeof methods

/** Returns the cookie of a new session. */
async function newSession(url: string, size: Size): Promise<string> {
  let response = await fetch(`${url}/start/${size}`)
  let [cookie] = response.headers.getSetCookie()
  if (!response.ok || !cookie) throw new Error(`The app gave no cookie: status ${response.status}`)
  return cookie.split(';', 1)[0]!
}

answer(methods)
