/** A Redis Cluster whose nodes, slots and network a test can break. */
import { setTimeout as sleep } from 'node:timers/promises'

import { NODE_TIMEOUT, startRedisCluster, type ClusterNode } from '../../scripts/redis-cluster.js'
import { until } from '../../scripts/restartable-redis.js'
import type { Certificates } from './certificates.ts'
import { startProxy, type Proxy } from './proxy.ts'

export interface TestCluster {
  /** First the primaries, then their first replicas in the same order; the roles may change. */
  nodes: TestNode[]
  /** Where clients are told that the nodes are. */
  urls: string[]
  slotOf(key: string): Promise<number>
  /** Gives the primary that has a slot. */
  ownerOf(slot: number): Promise<TestNode>
  /** Gives a replica of this primary that is running. */
  replicaOf(primary: TestNode): Promise<TestNode>
  /** Moves a slot with its keys, as `redis-cli --cluster reshard` does. */
  moveSlot(slot: number, to: TestNode): Promise<void>
  /** Begins to move a slot: keys that are not there any more are asked for at the new owner. */
  startMove(slot: number, to: TestNode): Promise<SlotMove>
  /** Moves all slots of a primary. Those of a third of the cluster take Valkey half a minute. */
  drain(from: TestNode, to: TestNode): Promise<void>
  /**
   * Makes a replica the primary: `'manual'` together with its primary, which has to work, so that nothing is
   * lost; `'forced'` without. Resolves once all nodes that run know it. One at a time.
   */
  failover(replica: TestNode, how: 'manual' | 'forced'): Promise<void>
  /** Resolves once all primaries that run agree on the roles and slots of all nodes, and replicas follow. */
  agreed(): Promise<void>
  addNode(): Promise<TestNode>
  /** Has the others forget a node that has no slots, and ends it. */
  removeNode(node: TestNode): Promise<void>
  stop(): Promise<void>
}

export interface TestNode extends ClusterNode {
  url: string
  /** What stands before it, if the cluster was started with proxies. */
  proxy?: Proxy
}

export interface SlotMove {
  /** Moves the keys that there are now, or only these. */
  moveKeys(keys?: string[]): Promise<void>
  /** Gives the slot to its new owner. */
  finish(): Promise<void>
}

interface Way {
  from: TestNode
  to: TestNode
  /** The other primaries. */
  others: TestNode[]
}

export interface ClusterOptions {
  /** By default the program of the system. */
  binary?: string
  primaries?: number
  replicas?: number
  args?: string[]
  /** Has a proxy stand before each node, through which clients go. What nodes say to each other passes. */
  proxied?: boolean
  /** Has clients use TLS. */
  certificates?: Certificates
}

const SLOTS = 16_384

/**
 * Milliseconds. A replica that is told to take over so soon after it has before counts the votes of then,
 * and thinks that it is the primary until the others contradict.
 */
const VOTES_ARE_KEPT = 4 * NODE_TIMEOUT

export async function startCluster(options: ClusterOptions = {}): Promise<TestCluster> {
  let { proxied = false, certificates: tls, ...rest } = options
  let proxies = new Map<number, Proxy>()
  async function announce(port: number) {
    let proxy = await startProxy({ port })
    proxies.set(proxy.port, proxy)
    return proxy.port
  }
  let cluster = await startRedisCluster({ ...rest, tls, announce: proxied ? announce : undefined })
  let forgetsVotesAt = new Map<TestNode, number>()
  let nodes: TestNode[] = cluster.nodes.map(testNode)

  function testNode(node: ClusterNode): TestNode {
    return Object.assign(node, {
      url: `${tls ? 'rediss' : 'redis'}://127.0.0.1:${node.announcedPort}`,
      proxy: proxies.get(node.announcedPort),
    })
  }

  function running() {
    return nodes.filter(({ state }) => state === 'running')
  }

  function anyNode() {
    let node = running()[0]
    if (node === undefined) throw new Error('No node is running')
    return node
  }

  /** The words of each line of `CLUSTER NODES`, as this node sees them. */
  async function linesOf(node: TestNode): Promise<string[][]> {
    let text: string = await node.command('CLUSTER', 'NODES')
    return text.split('\n').map((line) => line.split(' '))
  }

  async function slotsOf(node: TestNode): Promise<number[]> {
    return slotsIn((await linesOf(node)).find(([id]) => id === node.id)!)
  }

  async function ownerOf(slot: number) {
    // Nodes learn one by one that a slot has moved, its owner first.
    for (let node of running()) {
      if ((await slotsOf(node)).includes(slot)) return node
    }
    throw new Error(`No running node has the slot ${slot}`)
  }

  async function primaries() {
    let roles = await Promise.all(running().map(async (node) => await node.command('ROLE')))
    return running().filter((_, index) => roles[index][0] === 'master')
  }

  /** Whether all nodes that run say so. */
  async function isKnownAs(role: 'master' | 'slave', node: string) {
    let views = await Promise.all(running().map(linesOf))
    return views.every((lines) =>
      lines.some(([id, , flags = '']) => id === node && flags.split(',').includes(role)),
    )
  }

  async function agree() {
    // A replica that was told to import a slot when it was the primary never learns who has it.
    let views = (await Promise.all(running().map(linesOf))).filter(isOfPrimary)
    let [first, ...others] = views.map(rolesAndSlots)
    if (others.some((view) => view !== first) || first!.includes('fail')) return false
    // Two that have the same have made it up at the same time, and one of them will get another.
    let epochs = views[0]!.filter(isPrimary).map(([, , , , , , epoch]) => epoch)
    if (new Set(epochs).size < epochs.length) return false
    let roles = await Promise.all(running().map((node) => node.command('ROLE')))
    return roles.every(([role, , , link]) => role === 'master' || link === 'connected')
  }

  /** Until then, what a node does next could contradict what another does, and a slot have no owner. */
  async function agreed() {
    await until('the primaries agree on roles and slots', async () => {
      await tellOfSlots()
      return agree()
    })
  }

  /** Tells primaries who has a slot that nobody has as they see it: after a move that broke off, they do not learn it by themselves. */
  async function tellOfSlots() {
    for (let node of await primaries()) {
      let known = new Set((await linesOf(node)).flatMap(slotsIn))
      if (known.size === SLOTS) continue
      for (let slot = 0; slot < SLOTS; slot++) {
        if (known.has(slot)) continue
        let owner = await ownerOf(slot)
        await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', owner.id)
      }
    }
  }

  async function startMove(slot: number, to: TestNode): Promise<SlotMove> {
    let [from, known] = await Promise.all([ownerOf(slot), primaries()])
    let others = known.filter((node) => node !== from && node !== to)
    let move = await begin(slot, { from, to, others })
    return {
      ...move,
      async finish() {
        await move.finish()
        await agreed()
      },
    }
  }

  async function begin(slot: number, { from, to, others }: Way): Promise<SlotMove> {
    await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id)
    await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id)
    return {
      async moveKeys(keys) {
        keys ??= await from.command('CLUSTER', 'GETKEYSINSLOT', slot, 1_000_000)
        if (keys!.length === 0) return
        let port = to.tlsPort ?? to.port
        await from.command('MIGRATE', '127.0.0.1', port, '', 0, 5000, 'REPLACE', 'KEYS', ...keys!)
      },
      async finish() {
        // First where it goes: would the old owner be the first and die then, nobody had the slot.
        for (let node of [to, from, ...others]) {
          await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', to.id)
        }
      },
    }
  }

  async function complete(move: SlotMove) {
    await move.moveKeys()
    await move.finish()
  }

  /** Moves a slot or leaves it where it is: a node that waits for a slot learns from nobody who has it. */
  async function moveSlot(slot: number, to: TestNode) {
    try {
      await complete(await startMove(slot, to))
    } catch (error) {
      await Promise.allSettled(
        running().map((node) => node.command('CLUSTER', 'SETSLOT', slot, 'STABLE')),
      )
      throw error
    }
  }

  return {
    nodes,
    get urls() {
      return nodes.map(({ url }) => url)
    },
    slotOf: (key) => anyNode().command('CLUSTER', 'KEYSLOT', key),
    ownerOf,
    async replicaOf(primary) {
      let lines = await linesOf(anyNode())
      let replica = running().find(({ id }) =>
        lines.some((line) => line[0] === id && line[3] === primary.id),
      )
      if (replica === undefined) throw new Error(`No running node follows ${primary.id}`)
      return replica
    },
    startMove,
    moveSlot,
    async drain(from, to) {
      let [slots, known] = await Promise.all([slotsOf(from), primaries()])
      let way = { from, to, others: known.filter((node) => node !== from && node !== to) }
      await Promise.all(slots.map(async (slot) => complete(await begin(slot, way))))
      await agreed()
    },
    async failover(replica, how) {
      await sleep(Math.max(0, (forgetsVotesAt.get(replica) ?? 0) - performance.now()))
      forgetsVotesAt.set(replica, performance.now() + VOTES_ARE_KEPT)
      let [, , , primary] = (await linesOf(replica)).find(([id]) => id === replica.id)!
      if (how === 'manual') {
        let isInSync = async () => (await replica.command('ROLE'))[3] === 'connected'
        await until(`${replica.url} follows its primary`, isInSync)
      }
      await replica.command('CLUSTER', 'FAILOVER', ...(how === 'forced' ? ['FORCE'] : []))
      await until(`${replica.url} is known as the primary`, () => isKnownAs('master', replica.id))
      // Nodes vote only for those that they know to be replicas, and an election is not repeated at once.
      if (running().some(({ id }) => id === primary)) {
        await until('its primary is known as a replica', () => isKnownAs('slave', primary!))
      }
    },
    agreed,
    async addNode() {
      let node = testNode(await cluster.addNode())
      nodes.push(node)
      return node
    },
    async removeNode(node) {
      for (let list of [nodes, cluster.nodes]) list.splice(list.indexOf(node), 1)
      await Promise.all(running().map((other) => other.command('CLUSTER', 'FORGET', node.id)))
      await node.kill()
    },
    async stop() {
      await cluster.stop()
      await Promise.all([...proxies.values()].map((proxy) => proxy.stop()))
    },
  }
}

/** The slots in the words of a node's line. */
function slotsIn(line: string[]): number[] {
  // One that is on its way is in brackets besides.
  return line.slice(8).flatMap((range) => (range.startsWith('[') ? [] : slotsOfRange(range)))
}

/** `5-7` as 5, 6 and 7. */
function slotsOfRange(range: string): number[] {
  let [first = 0, last = first] = range.split('-').map(Number)
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

function isPrimary([, , flags = '']: string[]): boolean {
  return flags.split(',').includes('master')
}

/** Whether a primary sees the nodes so. */
function isOfPrimary(lines: string[][]): boolean {
  return lines.some((line) => isPrimary(line) && line[2]!.split(',').includes('myself'))
}

/** What nodes must not disagree on in the lines of `CLUSTER NODES`. */
function rolesAndSlots(lines: string[][]): string {
  return lines
    .map((line) => {
      let [id, , flags = '', primary, , , epoch, , ...slots] = line
      let settled = slots.filter((range) => !range.startsWith('['))
      return [id, flags.replace('myself,', ''), primary, isPrimary(line) && epoch, ...settled].join(
        ' ',
      )
    })
    .toSorted()
    .join('\n')
}
