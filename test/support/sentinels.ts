/** A primary, its replicas, and the sentinels that watch them, for tests to break. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { freePort } from '../../scripts/redis-server.js'
import {
  behindProxies,
  startInFolder,
  startRestartableRedis,
  tlsArguments,
  until,
  type RestartableRedis,
} from '../../scripts/restartable-redis.js'
import type { Certificates } from './certificates.ts'
import { startProxy, type Proxy } from './proxy.ts'

export interface TestSentinels {
  /** What the sentinels call the primary and its replicas. */
  name: string
  /** First the primary, then its replicas; the roles may change. */
  servers: SentinelNode[]
  sentinels: SentinelNode[]
  /** Where clients are told that the sentinels are. */
  urls: string[]
  /** Gives the primary that all sentinels that run agree on. */
  primary(): Promise<SentinelNode>
  /**
   * Makes a replica the primary by `SENTINEL FAILOVER`, and gives it once all sentinels that run name it. The
   * old primary does not know it yet, and takes writes for about ten more seconds.
   */
  failover(): Promise<SentinelNode>
  /** Resolves once all sentinels that run name another primary than this one, and gives it. */
  successor(of: SentinelNode): Promise<SentinelNode>
  /** Resolves once all sentinels that run agree on the primary, and it is one. */
  agreed(): Promise<SentinelNode>
  stop(): Promise<void>
}

export interface SentinelNode extends RestartableRedis {
  tlsPort: number | undefined
  /** Where clients are told to go. */
  announcedPort: number
  url: string
  /** What stands before it, if it was started with proxies. */
  proxy?: Proxy
}

export interface SentinelsOptions {
  /** By default the program of the system. */
  binary?: string
  /** Lines of configuration for the servers. */
  config?: string[]
  /** Of the servers. */
  password?: string
  /** Lines of configuration for the sentinels. */
  sentinelConfig?: string[]
  sentinelPassword?: string
  /** Has a proxy stand before each server and each sentinel. What these say to each other passes. */
  proxied?: boolean
  /** Has clients use TLS for both. */
  certificates?: Certificates
}

const NAME = 'sessions'
const SERVERS = 3
const SENTINELS = 3

/** Milliseconds without an answer after which a sentinel takes a server to be down. */
const DOWN_AFTER = 1000

export function startSentinels(options: SentinelsOptions = {}): Promise<TestSentinels> {
  return startInFolder('redis-sentinels-', (folder) => start(options, folder))
}

async function start(
  options: SentinelsOptions,
  folder: { path: string; remove(): void },
): Promise<TestSentinels> {
  let { binary, certificates, proxied, password, sentinelPassword } = options
  let nodes: SentinelNode[] = []
  let proxies: Proxy[] = []

  async function newPlace() {
    let [port, tlsPort] = await Promise.all([freePort(), certificates && freePort()])
    let proxy = proxied ? await startProxy({ port: tlsPort ?? port }) : undefined
    if (proxy) proxies.push(proxy)
    let announcedPort = proxy?.port ?? tlsPort ?? port
    let url = `${certificates ? 'rediss' : 'redis'}://127.0.0.1:${announcedPort}`
    return { port, tlsPort, announcedPort, url, proxy }
  }

  type Place = Awaited<ReturnType<typeof newPlace>>

  async function startNode(place: Place, { lines, args, password }: Setup): Promise<SentinelNode> {
    let directory = path.join(folder.path, String(place.port))
    mkdirSync(directory)
    // Servers and sentinels write into it what they have become, and start with that again.
    let config = path.join(directory, 'redis.conf')
    writeFileSync(config, lines.map((line) => `${line}\n`).join(''))
    let { port } = place
    let all = [
      ...args,
      ...(certificates ? tlsArguments(certificates, place.tlsPort!) : []),
      ...(proxied ? behindProxies() : []),
    ]
    let redis = await startRestartableRedis({
      port,
      directory,
      binary,
      config,
      args: all,
      password,
    })
    let node = Object.assign(redis, place)
    nodes.push(node)
    return node
  }

  async function stop() {
    await Promise.all(nodes.map((node) => node.kill()))
    folder.remove()
    await Promise.all(proxies.map((proxy) => proxy.stop()))
  }

  let places = await Promise.all(Array.from({ length: SERVERS + SENTINELS }, newPlace))
  let [serverPlaces, sentinelPlaces] = [places.slice(0, SERVERS), places.slice(SERVERS)]
  let ids = sentinelPlaces.map(() => randomBytes(20).toString('hex'))
  let [primaryPlace, ...replicaPlaces] = serverPlaces

  function serverLines(place: Place): string[] {
    return [
      'replica-announce-ip 127.0.0.1',
      `replica-announce-port ${place.announcedPort}`,
      'repl-diskless-sync-delay 0',
      'shutdown-timeout 0',
      ...(password ? [`requirepass ${password}`, `masterauth ${password}`] : []),
      ...(place === primaryPlace ? [] : [`replicaof 127.0.0.1 ${primaryPlace!.announcedPort}`]),
      ...(options.config ?? []),
    ]
  }

  function sentinelLines(place: Place): string[] {
    return [
      'sentinel announce-ip 127.0.0.1',
      `sentinel announce-port ${place.announcedPort}`,
      `sentinel myid ${ids[sentinelPlaces.indexOf(place)]}`,
      ...(sentinelPassword
        ? [`requirepass ${sentinelPassword}`, `sentinel sentinel-pass ${sentinelPassword}`]
        : []),
      `sentinel monitor ${NAME} 127.0.0.1 ${primaryPlace!.announcedPort} 2`,
      `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER}`,
      `sentinel failover-timeout ${NAME} 3000`,
      `sentinel parallel-syncs ${NAME} ${SERVERS}`,
      ...(password ? [`sentinel auth-pass ${NAME} ${password}`] : []),
      ...replicaPlaces.map(
        ({ announcedPort }) => `sentinel known-replica ${NAME} 127.0.0.1 ${announcedPort}`,
      ),
      // Finding each other would take them seconds.
      ...sentinelPlaces.flatMap((other, index) => {
        let line = `sentinel known-sentinel ${NAME} 127.0.0.1 ${other.announcedPort} ${ids[index]}`
        return other === place ? [] : [line]
      }),
      ...(options.sentinelConfig ?? []),
    ]
  }

  try {
    let servers = await startAll(serverPlaces, (place) =>
      startNode(place, { lines: serverLines(place), args: [], password }),
    )
    // A sentinel asks a replica that does not follow yet whether it does only seconds later.
    await until('the replicas follow', async () => {
      let roles = await Promise.all(servers.slice(1).map((node) => node.command('ROLE')))
      return roles.every((role) => role[3] === 'connected')
    })
    let sentinels = await startAll(sentinelPlaces, (place) =>
      startNode(place, {
        lines: sentinelLines(place),
        args: ['--sentinel'],
        password: sentinelPassword,
      }),
    )
    await until('the sentinels know the replicas and each other', async () =>
      (await Promise.all(sentinels.map(isReady))).every(Boolean),
    )
    return { ...verbs(servers, sentinels), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

interface Setup {
  lines: string[]
  args: string[]
  password: string | undefined
}

/** Starts all at once, and fails after the last one is there or has failed. */
async function startAll<place, node>(places: place[], start: (place: place) => Promise<node>) {
  let results = await Promise.allSettled(places.map(start))
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}

/** Whether a sentinel could have a replica take over. */
async function isReady(sentinel: SentinelNode): Promise<boolean> {
  let quorum = sentinel.command('SENTINEL', 'CKQUORUM', NAME)
  let isQuorum = await quorum.then(
    (reply: string) => reply.includes(`${SENTINELS} usable`),
    () => false,
  )
  let replicas: string[][] = await sentinel.command('SENTINEL', 'REPLICAS', NAME)
  let states = replicas.map((fields) => new Map(pairs(fields)))
  return (
    isQuorum &&
    states.length === SERVERS - 1 &&
    states.every(
      (state) => state.get('flags') === 'slave' && state.get('master-link-status') === 'ok',
    )
  )
}

function pairs(fields: string[]): [string, string][] {
  return fields.flatMap((name, index) => (index % 2 === 0 ? [[name, fields[index + 1]!]] : []))
}

function verbs(servers: SentinelNode[], sentinels: SentinelNode[]): Omit<TestSentinels, 'stop'> {
  async function named(): Promise<SentinelNode | undefined> {
    let running = sentinels.filter(({ state }) => state === 'running')
    let replies = await Promise.all(
      running.map((sentinel) => sentinel.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)),
    )
    let ports = new Set(replies.map((reply) => Number(reply[1])))
    return servers.find(({ announcedPort }) => ports.size === 1 && ports.has(announcedPort))
  }

  /** Gives the server that all sentinels name, once it is one that fits. */
  async function agreed(what: string, fits: (node: SentinelNode) => boolean) {
    let node: SentinelNode | undefined
    await until(`the sentinels agree on ${what}`, async () => {
      node = await named()
      return node !== undefined && fits(node)
    })
    return node!
  }

  let primary = () => agreed('a primary', () => true)
  let successor = (old: SentinelNode) => agreed('a successor', (node) => node !== old)
  return {
    name: NAME,
    servers,
    sentinels,
    urls: sentinels.map(({ url }) => url),
    primary,
    successor,
    async agreed() {
      let node = await primary()
      await until(`${node.url} is the primary`, async () => {
        node = (await named()) ?? node
        return node.state === 'running' && (await node.command('ROLE'))[0] === 'master'
      })
      return node
    },
    async failover() {
      let old = await primary()
      let sentinel = sentinels.find(({ state }) => state === 'running')
      await sentinel!.command('SENTINEL', 'FAILOVER', NAME)
      return successor(old)
    },
  }
}
