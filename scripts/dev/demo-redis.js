/** What the demo keeps between two starts: its own Redis with its data, and its cookie's secret. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'

import { inRoot } from '../project.js'
import { startRedisServer } from '../redis-server.js'

/** Where packages keep what may be deleted; unlike in `/tmp`, nobody else writes there. */
const FOLDER = inRoot('node_modules/.cache/demo')
const PORT_FILE = path.join(FOLDER, 'port')
const SECRET_FILE = path.join(FOLDER, 'cookie-secret')

/**
 * Starts a Redis that keeps its data, or returns that of a running demo of this checkout: two apps
 * over one Redis are what a session storage is for.
 *
 * @returns {Promise<{ port: number, stop: () => Promise<void> }>}
 */
export async function startDemoRedis() {
  let running = Number(read(PORT_FILE))
  if (running > 0 && (await isOurs(running))) {
    console.log('A demo of this checkout runs already: this one shares its Redis.')
    return { port: running, stop: async () => {} }
  }
  // It saves when it is stopped, and every minute in case it is killed.
  let redis = await startRedisServer({ directory: FOLDER, args: ['--save', '60 1'] })
  writeFileSync(PORT_FILE, String(redis.port))
  return redis
}

/** Returns the secret that session cookies are signed with, which is made at the first start. */
export function cookieSecret() {
  let secret = read(SECRET_FILE)
  if (secret !== '') return secret
  secret = randomBytes(32).toString('hex')
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(SECRET_FILE, secret, { mode: 0o600 })
  return secret
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/**
 * Returns whether the server on this port keeps its data in our folder. After a crash, the port may
 * be somebody else's.
 *
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function isOurs(port) {
  return new Promise((resolve) => {
    let socket = net.connect({ port, host: '127.0.0.1' }, () => socket.write('CONFIG GET dir\r\n'))
    socket.setTimeout(1000, () => socket.destroy())
    socket.once('data', (reply) => {
      resolve(reply.toString().split('\r\n').includes(FOLDER))
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}
