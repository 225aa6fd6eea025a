/**
 * Looks at stored sessions on a cluster: asks one node, which answers or names the one that does. A client with a
 * map of the cluster would not tell where it has looked.
 */
import { createClient } from 'redis'

import { keyOf } from './session.ts'
import type { SessionViewer, StoredSession } from './stored-session.ts'

/** Milliseconds. A node that is gone is not waited for longer. */
const TIMEOUT = 1000

/** As in `MOVED 12182 127.0.0.1:7001`. */
const MOVED = /^MOVED \d+ (\S+)$/

/** Who was named may name another one, while slots move or a replica takes over. */
const MOST_REDIRECTS = 3

/** @param urls Nodes of the cluster */
export function createClusterViewer(urls: string[]): SessionViewer {
  async function view(id: string): Promise<StoredSession | null> {
    for (let url of urls) {
      try {
        return await lookFrom(url, keyOf(id))
      } catch {
        // It may be the one that is gone, or not know yet that another one is.
      }
    }
    throw new Error('No node of the cluster knows')
  }

  return { view, close() {} }
}

async function lookFrom(first: string, key: string): Promise<StoredSession | null> {
  let url = first
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    try {
      return await lookAt(url, key)
    } catch (error) {
      let [, address] = MOVED.exec((error as Error).message) ?? []
      if (address === undefined) throw error
      url = Object.assign(new URL(url), { host: address }).href
    }
  }
  throw new Error('Too many redirects')
}

/** @throws what the node says, such as `MOVED`, or that it is not there */
async function lookAt(url: string, key: string): Promise<StoredSession | null> {
  let socket = {
    reconnectStrategy: false,
    connectTimeout: TIMEOUT,
    socketTimeout: TIMEOUT,
  } as const
  let node = createClient({ url, socket })
  node.on('error', () => {})
  await node.connect()
  try {
    let [text, expiresIn, slot, info] = await Promise.all([
      node.get(key),
      node.pTTL(key),
      node.sendCommand<number>(['CLUSTER', 'KEYSLOT', key]),
      node.info('server'),
    ])
    if (text === null || expiresIn < 0) return null
    let pid = Number(/^process_id:(\d+)/m.exec(info)![1])
    let place = { address: new URL(url).host, slot, pid }
    return { key, text, bytes: Buffer.byteLength(text), expiresIn, place }
  } finally {
    node.destroy()
  }
}
