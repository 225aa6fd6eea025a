/** Runs private Redis Clusters, for the tests, the benchmark and the demo. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { freePort } from './redis-server.js'
import {
  behindProxies,
  startInFolder,
  startRestartableRedis,
  tlsArguments,
  until,
} from './restartable-redis.js'

/**
 * @typedef {import('./restartable-redis.js').RestartableRedis & Place} ClusterNode
 *
 * @typedef {object} Place
 * @property {string} id What the cluster calls the node
 * @property {number} port
 * @property {number} busPort
 * @property {number | undefined} tlsPort
 * @property {number} announcedPort Where clients are told to go; with `tls` for TLS
 *
 * @typedef {object} ClusterOptions
 * @property {string} [binary] The program; by default the one of the system
 * @property {number} [primaries] 3 unless given
 * @property {number} [replicas] Of each primary; 1 unless given
 * @property {string[]} [args] More arguments for all nodes
 * @property {import('./restartable-redis.js').TlsFiles} [tls] Has nodes listen with TLS, too, and tell clients to go there. Among each other
 *   they speak TLS.
 * @property {(port: number) => Promise<number>} [announce] Returns which port clients are told instead of this one
 *
 * @typedef {object} Cluster
 * @property {ClusterNode[]} nodes First the primaries, then their first replicas in the same order, and so on
 * @property {() => Promise<ClusterNode>} addNode Starts a node that is in the cluster, and has no slots
 * @property {() => Promise<void>} stop
 */

/** Milliseconds. A shorter one has nodes call each other dead that have only waited for the processor. */
export const NODE_TIMEOUT = 1500

const SLOTS = 16_384

/**
 * Starts a cluster and waits until all nodes take requests, and replicas follow. All is gone with `stop()`, and
 * also when this process ends in any way.
 *
 * @param {ClusterOptions} [options]
 * @returns {Promise<Cluster>}
 */
export function startRedisCluster(options = {}) {
  return startInFolder('redis-cluster-', (folder) => start(options, folder))
}

/**
 * @param {ClusterOptions} options
 * @param {ReturnType<typeof import('./watchdog.js').temporaryFolder>} folder
 * @returns {Promise<Cluster>}
 */
async function start(options, folder) {
  let { primaries = 3, replicas = 1 } = options
  /** @type {ClusterNode[]} */
  let nodes = []

  /** @param {Place} place */
  async function startNode(place) {
    let directory = path.join(folder.path, String(place.port))
    let args = argumentsFor(place, options)
    let { port } = place
    let redis = await startRestartableRedis({ port, directory, binary: options.binary, args })
    return Object.assign(redis, place)
  }

  async function stop() {
    await Promise.all(nodes.map((node) => node.kill()))
    folder.remove()
  }

  let count = primaries * (1 + replicas)
  let places = await Promise.all(Array.from({ length: count }, () => newPlace(options)))
  let members = places.map((place, index) => {
    let number = index % primaries
    let primary = places[number]
    return primary === place
      ? { place, epoch: number + 1, slots: slotsOf(number, primaries) }
      : { place, epoch: number + 1, primary }
  })
  for (let place of places) writeConfiguration(folder.path, place, members)

  let started = await Promise.allSettled(
    places.map(async (place, index) => (nodes[index] = await startNode(place))),
  )
  let failed = started.find((result) => result.status === 'rejected')
  if (failed) {
    nodes = nodes.filter(Boolean)
    await stop()
    throw failed.reason
  }
  await settled(nodes)
  return {
    nodes,
    async addNode() {
      let place = await newPlace(options)
      writeConfiguration(folder.path, place, [{ place, epoch: 0 }])
      let node = await startNode(place)
      let { announcedPort, busPort } = place
      let known = nodes.find(({ state }) => state === 'running')
      await known?.command('CLUSTER', 'MEET', '127.0.0.1', announcedPort, busPort)
      nodes.push(node)
      await settled(nodes)
      return node
    },
    stop,
  }
}

/**
 * @param {ClusterOptions} options
 * @returns {Promise<Place>}
 */
async function newPlace({ tls, announce = async (port) => port }) {
  let [port, busPort, tlsPort] = await Promise.all([freePort(), freePort(), freePort()])
  return {
    id: randomBytes(20).toString('hex'),
    ...{ port, busPort, tlsPort: tls ? tlsPort : undefined },
    announcedPort: await announce(tls ? tlsPort : port),
  }
}

/**
 * Has a node know the others from the beginning: introducing them to each other would take seconds.
 *
 * @param {string} folder
 * @param {Place} node
 * @param {{ place: Place, epoch: number, primary?: Place, slots?: string }[]} members
 */
function writeConfiguration(folder, node, members) {
  let lines = members.map(({ place, epoch, primary, slots = '' }) => {
    let address = `127.0.0.1:${place.announcedPort}@${place.busPort}`
    let flags = `${place === node ? 'myself,' : ''}${primary ? 'slave' : 'master'}`
    let follows = primary ? primary.id : '-'
    return `${place.id} ${address} ${flags} ${follows} 0 0 ${epoch} connected ${slots}\n`
  })
  let directory = path.join(folder, String(node.port))
  mkdirSync(directory)
  let vars = `vars currentEpoch ${members.length} lastVoteEpoch 0\n`
  writeFileSync(path.join(directory, 'nodes.conf'), lines.join('') + vars)
}

/**
 * @param {number} index
 * @param {number} primaries
 */
function slotsOf(index, primaries) {
  let border = (/** @type {number} */ number) => Math.floor((number * SLOTS) / primaries)
  return `${border(index)}-${border(index + 1) - 1}`
}

/**
 * @param {Place} place
 * @param {ClusterOptions} options
 */
function argumentsFor({ busPort, tlsPort, announcedPort }, { args = [], tls, announce }) {
  return [
    ...['--cluster-enabled', 'yes', '--cluster-port', busPort],
    ...['--cluster-node-timeout', NODE_TIMEOUT, '--cluster-announce-ip', '127.0.0.1'],
    ...[tls ? '--cluster-announce-tls-port' : '--cluster-announce-port', announcedPort],
    ...['--cluster-announce-bus-port', busPort],
    // Replicas stay where tests expect them, follow at once, and stand for election however old their data.
    ...['--cluster-allow-replica-migration', 'no', '--cluster-replica-validity-factor', '0'],
    ...['--repl-diskless-sync-delay', '0', '--shutdown-timeout', '0'],
    ...(tls ? ['--tls-cluster', 'yes', ...tlsArguments(tls, Number(tlsPort))] : []),
    ...(announce ? behindProxies() : []),
    ...args,
  ].map(String)
}

/**
 * Waits until all nodes that run know all others and take requests, and replicas follow.
 *
 * @param {ClusterNode[]} nodes
 */
function settled(nodes) {
  return until('the nodes of a cluster know each other', async () => {
    let running = nodes.filter(({ state }) => state === 'running')
    let states = await Promise.all(running.map((node) => isSettled(node, nodes.length)))
    return states.every(Boolean)
  })
}

/**
 * @param {ClusterNode} node
 * @param {number} count
 */
async function isSettled(node, count) {
  let info = await node.command('CLUSTER', 'INFO')
  if (!info.includes('cluster_state:ok') || !info.includes(`cluster_known_nodes:${count}\r`)) {
    return false
  }
  let role = await node.command('ROLE')
  return role[0] === 'master' || role[3] === 'connected'
}
