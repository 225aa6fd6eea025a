/** Runs private Redis servers, for the tests, the benchmark and the demo. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { ensureProgram } from './programs.js'
import { whenWeAreGone } from './watchdog.js'

/**
 * @typedef {object} RedisServer
 * @property {number} port Where it listens on 127.0.0.1; 0 if only on a unix socket or with TLS
 * @property {string} directory Its working folder; relative paths in its arguments start there
 * @property {number} pid
 * @property {import('node:child_process').ChildProcess} process
 * @property {() => Promise<void>} stop Ends the server, and removes its folder if it made one
 */

/**
 * @typedef {object} RedisServerOptions
 * @property {string} [binary] The program; by default the one of the system
 * @property {number} [port] By default a free one; 0 to not listen on a plain TCP port
 * @property {string} [config] Its configuration file, before whatever else is configured here
 * @property {string[]} [args] More arguments, such as `['--requirepass', 'secret']`. They come last,
 *   so they win. Leave the log on stdout and its level at `notice`: readiness is read from it.
 * @property {string} [directory] A folder of the caller's, which `stop()` leaves alone (and before
 *   which the server may save, if `args` say so); by default a new temporary one
 */

/**
 * Starts a private server on 127.0.0.1, with nothing persisted, and waits until it is ready. It ends with `stop()`, and also when this process ends in any way.
 *
 * @param {RedisServerOptions} [options]
 * @returns {Promise<RedisServer>}
 */
export async function startRedisServer(options = {}) {
  let binary = options.binary || ensureProgram('redis')
  let attempts = options.port === undefined ? 10 : 1
  for (;;) {
    let port = options.port === undefined ? await freePort() : options.port
    try {
      return await start(binary, port, options)
    } catch (error) {
      if (!isAddressTaken(error) || --attempts === 0) throw error
    }
  }
}

/**
 * Whether a server could not start because somebody has taken its port meanwhile.
 *
 * @param {unknown} error
 */
export function isAddressTaken(error) {
  return error instanceof Error && /address already in use/i.test(error.message)
}

/**
 * Returns a port that nobody uses at the moment. It is below those that systems give to outgoing
 * connections: one of these could take it while a server restarts, and a client that retries a
 * dead server's port from the very same port connects to itself.
 *
 * @returns {Promise<number>}
 */
export async function freePort() {
  for (;;) {
    let port = 10_000 + Math.floor(Math.random() * 22_000)
    if (await isFree(port)) return port
  }
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function isFree(port) {
  return new Promise((resolve) => {
    let server = net.createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(true)))
  })
}

/**
 * @param {string} binary
 * @param {number} port
 * @param {RedisServerOptions} options
 * @returns {Promise<RedisServer>}
 */
async function start(binary, port, { config, args = [], directory }) {
  let isOwn = directory === undefined
  let folder = directory || mkdtempSync(path.join(tmpdir(), 'redis-server-'))
  mkdirSync(folder, { recursive: true })

  let defaults = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder]
  let file = config === undefined ? [] : [config]
  let child = spawn(binary, [...file, ...defaults, '--save', '', '--appendonly', 'no', ...args], {
    // A group of its own: Ctrl-C is for this process, which stops the server when it is done with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let ended = new Promise((resolve) => child.once('close', resolve))
  let callOff = guard(child, isOwn ? folder : '')

  async function stop() {
    for (let held of [child, child.stdout, child.stderr]) if ('ref' in held) held.ref()
    child.kill(isOwn ? 'SIGKILL' : 'SIGTERM')
    // One that a test has paused would otherwise never see the signal above.
    child.kill('SIGCONT')
    await ended
    callOff()
    if (isOwn) rmSync(folder, { recursive: true, force: true })
  }

  let plainPort = args.includes('--port') ? Number(args[args.lastIndexOf('--port') + 1]) : port
  try {
    await ready(child)
  } catch (error) {
    await stop()
    throw error
  }
  // A server that nobody stops does not hold this process; it ends with it.
  child.unref()
  for (let stream of [child.stdout, child.stderr]) {
    stream.resume()
    if (stream instanceof net.Socket) stream.unref()
  }
  return { port: plainPort, directory: folder, pid: Number(child.pid), process: child, stop }
}

/**
 * Ends the server with this process. A server whose folder is the caller's gets the chance to save.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} ownFolder
 */
function guard(child, ownFolder) {
  let script = ownFolder ? 'kill -KILL "$1"; rm -rf "$2"' : 'kill -TERM "$1"; kill -CONT "$1"'
  let callOff = whenWeAreGone(script, [String(child.pid), ownFolder])
  // Once the server has ended, its process id may be somebody else's.
  child.once('exit', callOff)
  return callOff
}

/**
 * Resolves with the log line of a server that is ready; a unix socket and TLS have it too.
 *
 * @param {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, import('node:stream').Readable>} child
 * @returns {Promise<void>}
 */
function ready(child) {
  return new Promise((resolve, reject) => {
    let log = ''
    let onData = (/** @type {Buffer} */ data) => {
      log += data
      if (!/ready to accept connections|sentinel id is/i.test(log)) return
      child.stdout.off('data', onData)
      child.stderr.off('data', onData)
      resolve()
    }
    child.stdout.on('data', onData)
    child.stderr.on('data', onData)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      reject(new Error(`The Redis server ended (${signal || code}) before it was ready:\n${log}`))
    })
  })
}
