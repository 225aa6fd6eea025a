/** The cluster of `npm run demo -- --cluster`: three primaries, each with a replica, that are gone with it. */
import { setTimeout as sleep } from 'node:timers/promises'

import { startRedisCluster } from '../redis-cluster.js'

/** Milliseconds. Its replica has taken over by then. */
const STARTS_AGAIN_AFTER = 10_000

/**
 * Starts a cluster. A server that somebody kills starts again, as a replica of the one that has taken its place.
 *
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>} With the URLs of all servers, by commas
 */
export async function startDemoCluster() {
  let cluster = await startRedisCluster()
  let over = new AbortController()
  let watches = cluster.nodes.map(watch)

  /** @param {import('../redis-cluster.js').ClusterNode} node */
  async function watch(node) {
    while (!over.signal.aborted) {
      await pause(500)
      if (isAlive(node.pid)) continue
      await pause(STARTS_AGAIN_AFTER)
      if (over.signal.aborted) return
      await node.kill()
      await node.start()
    }
  }

  /** @param {number} milliseconds */
  async function pause(milliseconds) {
    await sleep(milliseconds, undefined, { signal: over.signal }).catch(() => {})
  }

  return {
    url: cluster.nodes.map(({ port }) => `redis://127.0.0.1:${port}`).join(','),
    async stop() {
      over.abort()
      await Promise.all(watches)
      await cluster.stop()
    },
  }
}

/** @param {number} pid Of a child of ours */
function isAlive(pid) {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
