/** Redis in each of its forms, for tests to break: every server has a proxy before it. */
import fc from 'fast-check'
import type { UrlOptions } from 'remix-session-storage-redis'

import { freePort } from '../../scripts/redis-server.js'
import { startInFolder, startRestartableRedis } from '../../scripts/restartable-redis.js'
import { startCluster } from './cluster.ts'
import { CLUSTER_REFUSALS } from './counting-visitor.ts'
import { breakNode, NODE_FAULTS, type NodeFault } from './node-faults.ts'
import { startProxy } from './proxy.ts'
import { startSentinels } from './sentinels.ts'

export type FaultKind = NodeFault | 'failover' | 'move'

export interface Fault {
  kind: FaultKind
  /** Which server it happens to; number 0 has sessions. */
  node: number
  milliseconds: number
}

export interface Breakable {
  /** Where a storage finds its sessions. */
  options: UrlOptions
  /** What can happen here. */
  kinds: FaultKind[]
  /** What Redis may refuse requests with meanwhile. */
  refusals: string[]
  /** Breaks something for a while, and mends it. What cannot be had at the moment may reject. */
  suffer(fault: Fault): Promise<unknown>
  /** Mends what is still broken, and resolves when everything works. */
  recover(): Promise<unknown>
  stop(): Promise<void>
}

/** Has a server forget nothing that it has acknowledged when it is killed, as long as its machine runs. */
export const FORGETS_NOTHING = ['--appendonly', 'yes', '--appendfsync', 'no']

/** One server, with these arguments. */
export function startBreakableServer(args: string[] = []): Promise<Breakable> {
  return startInFolder('redis-breakable-', async (folder) => {
    let port = await freePort()
    let server = await startRestartableRedis({ port, directory: folder.path, args })
    let proxy = await startProxy({ port })
    let node = Object.assign(server, { proxy })
    return {
      options: { url: proxy.url },
      kinds: [...NODE_FAULTS],
      refusals: ['LOADING'],
      suffer: ({ kind, milliseconds }) => breakNode(node, kind as NodeFault, milliseconds),
      recover: async () => node.resume(),
      async stop() {
        await server.kill()
        folder.remove()
        await proxy.stop()
      },
    }
  })
}

const SLOTS = 16_384

/** Three primaries, each with a replica. */
export async function startBreakableCluster(): Promise<Breakable> {
  let cluster = await startCluster({ proxied: true })
  let { nodes } = cluster

  async function suffer({ kind, node: number, milliseconds }: Fault) {
    let any = [await cluster.ownerOf(0), ...nodes]
    let node = any[number % any.length]!
    if (kind === 'failover') {
      let [role] = await node.command('ROLE')
      return cluster.failover(role === 'master' ? await cluster.replicaOf(node) : node, 'forced')
    }
    if (kind !== 'move') return breakNode(node, kind, milliseconds)
    let slot = number % SLOTS
    // A primary has about a third of them.
    return cluster.moveSlot(slot, await cluster.ownerOf((slot + Math.ceil(SLOTS / 3)) % SLOTS))
  }

  return {
    options: { url: cluster.urls, cluster: true },
    // Slots move more often than servers fail.
    kinds: [...NODE_FAULTS, 'failover', 'move', 'move'],
    refusals: CLUSTER_REFUSALS,
    suffer,
    async recover() {
      for (let node of nodes) node.resume()
      await cluster.agreed()
    },
    stop: cluster.stop,
  }
}

/** A primary, two replicas and three sentinels. */
export async function startBreakableSentinels(): Promise<Breakable> {
  let redis = await startSentinels({ proxied: true })

  async function suffer({ kind, node: number, milliseconds }: Fault) {
    if (kind === 'failover') return redis.failover()
    let primary = await redis.primary()
    // Who is of no account at the moment fails less often.
    let nodes = [primary, primary, primary, ...redis.servers, ...redis.sentinels]
    return breakNode(nodes[number % nodes.length]!, kind as NodeFault, milliseconds)
  }

  return {
    options: { url: redis.urls, sentinel: { name: redis.name } },
    kinds: [...NODE_FAULTS, 'failover'],
    refusals: ['LOADING'],
    suffer,
    recover: () => redis.agreed(),
    stop: redis.stop,
  }
}

/** @param longest milliseconds */
export function faultsOf({ kinds }: Breakable, longest: number): fc.Arbitrary<Fault> {
  return fc.record({
    kind: fc.constantFrom(...kinds),
    node: fc.nat(),
    milliseconds: fc.integer({ min: 20, max: longest }),
  })
}
