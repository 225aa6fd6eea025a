/** A single sentinel, for clients that are told by one where Redis is. Those that fail have `sentinels.ts`. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'

import { freePort, startRedisServer } from '../../scripts/redis-server.js'
import { temporaryFolder } from '../../scripts/watchdog.js'

export const SENTINEL_NAME = 'sessions'

const sentinels = new Map<number, Promise<number>>()

/**
 * Returns the port of the sentinel that watches the server on this port. It ends with this process, because it outlives
 * servers that are started again.
 */
export function sentinelOf(port: number): Promise<number> {
  let sentinel = sentinels.get(port) ?? start(port)
  sentinels.set(port, sentinel)
  return sentinel
}

async function start(port: number): Promise<number> {
  let folder = temporaryFolder('redis-sentinel-')
  let config = path.join(folder.path, 'sentinel.conf')
  let lines = [
    `sentinel monitor ${SENTINEL_NAME} 127.0.0.1 ${port} 1`,
    // Tests have the server hang, and nobody could take over.
    `sentinel down-after-milliseconds ${SENTINEL_NAME} 60000`,
  ]
  writeFileSync(config, lines.map((line) => `${line}\n`).join(''))
  let server = await startRedisServer({
    port: await freePort(),
    config,
    directory: folder.path,
    args: ['--sentinel'],
  })
  return server.port
}
