/** A private Redis server, with a connection on the side to look at what it holds and hears. */
import { createClient } from 'redis'

import { ensureServer, type OtherServer } from '../../scripts/other-servers.js'
import { freePort, startRedisServer } from '../../scripts/redis-server.js'
import { until } from '../../scripts/restartable-redis.js'

export type SideConnection = Awaited<ReturnType<typeof connectSide>>

export interface TestRedis {
  port: number
  url: string
  /** That of the server itself, where `port` and `url` are replaced by those of something before it. */
  serverPort: number
  pid: number
  /** A client of the test's own. */
  side: SideConnection
  /** Gives the ids of all sessions that there are; the marks of destroyed and moved ones are none. */
  sessionIds(prefix?: string): Promise<string[]>
  /** Gives the commands that the server gets while `action` runs, without the side connection's. */
  commandsDuring(action: () => Promise<unknown>): Promise<string[][]>
  stop(): Promise<void>
}

interface Server {
  name: string
  knowsIfEqual: boolean
  /** `undefined` for the one of the system. */
  binary(): string | undefined
}

const SYSTEM: Server = {
  name: 'the Redis of the system',
  knowsIfEqual: false,
  binary: () => undefined,
}

/** The server besides that of the system that `scripts/test/other-servers.js` has all tests run on. */
export const OTHER_SERVER = process.env.TEST_SERVER as OtherServer | undefined

/** The server that tests run on that do not choose one. */
export const tested = OTHER_SERVER ? other(OTHER_SERVER) : SYSTEM

/** Servers that compare texts in different ways: by a script, and by `SET … IFEQ`. */
export const servers = OTHER_SERVER ? [tested] : [SYSTEM, other('Valkey 9.1')]

function other(name: OtherServer): Server {
  return { name, knowsIfEqual: name.startsWith('Valkey'), binary: () => ensureServer(name) }
}

/** Which clients a run is about that is only about clients. */
export const TESTED_CLIENTS = process.env.TEST_CLIENTS as 'others' | 'clusters' | 'bun' | undefined

/** Whether servers are Redis Clusters of one node each, which have all slots. */
export const IS_CLUSTER = process.env.TEST_CLUSTER === 'yes' || TESTED_CLIENTS === 'clusters'

export async function startRedis(options?: {
  args?: string[]
  port?: number
  binary?: string
}): Promise<TestRedis> {
  let args = [...(IS_CLUSTER ? await clusterArguments() : []), ...(options?.args ?? [])]
  let server = await startRedisServer({ binary: tested.binary(), ...options, args })
  let url = `redis://127.0.0.1:${server.port}`
  let side = await connectSide(url)
  if (IS_CLUSTER) await takeAllSlots(side)
  return {
    port: server.port,
    url,
    serverPort: server.port,
    pid: server.pid,
    side,
    async sessionIds(prefix = 'session:') {
      let keys = await side.keys('*')
      return keys
        .filter((key) => !key.startsWith(`${prefix}gone:`))
        .map((key) => key.replace(prefix, ''))
    },
    commandsDuring: (action) => commandsDuring(side, action),
    async stop() {
      side.destroy()
      await server.stop()
    },
  }
}

async function clusterArguments(): Promise<string[]> {
  let port = String(await freePort())
  return ['--cluster-enabled', 'yes', '--cluster-port', port, '--cluster-announce-ip', '127.0.0.1']
}

async function takeAllSlots(side: SideConnection): Promise<void> {
  await side.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', '0', '16383'])
  let isUp = async () => (await side.sendCommand<string>(['CLUSTER', 'INFO'])).includes('state:ok')
  await until('the cluster is up', isUp)
}

export async function connectSide(url: string) {
  let client = createClient({ url, socket: { reconnectStrategy: false } })
  // Tests that kill the server break this connection, too.
  client.on('error', () => {})
  await client.connect()
  return client
}

async function commandsDuring(
  side: SideConnection,
  action: () => Promise<unknown>,
): Promise<string[][]> {
  let monitor = side.duplicate()
  monitor.on('error', () => {})
  await monitor.connect()
  let lines: string[] = []
  let marker = `the end ${Math.random()}`
  let end = Promise.withResolvers<void>()
  await monitor.monitor((line) => {
    let text = String(line)
    if (text.includes(marker)) end.resolve()
    // Not what a script does.
    else if (!/^\S+ \[\d+ lua\]/.test(text)) lines.push(text)
  })
  try {
    await action()
    await side.echo(marker)
    await end.promise
    let sentinels = await addressesOfSentinels(side)
    lines = lines.filter((line) => !sentinels.some((address) => line.includes(` ${address}] `)))
  } finally {
    monitor.destroy()
  }
  return lines.map(parseMonitorLine)
}

/** Sentinels ask a server how it is, and tell each other through it, all the time. */
async function addressesOfSentinels(side: SideConnection): Promise<string[]> {
  let list = await side.sendCommand<string>(['CLIENT', 'LIST'])
  return [...list.matchAll(/ addr=(\S+) .* name=sentinel-/g)].map((match) => match[1]!)
}

/** `1700000000.123456 [0 127.0.0.1:5000] "GET" "key"` as `['GET', 'key']`. */
function parseMonitorLine(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1]!)
}
