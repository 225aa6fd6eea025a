/** A Redis server that can be paused, killed, and started again where it was: one of several that know each other. */
import { isAddressTaken, startRedisServer } from './redis-server.js'
import { temporaryFolder } from './watchdog.js'

/**
 * @typedef {object} RestartableRedis
 * @property {number} port Where it listens on 127.0.0.1
 * @property {number} pid Of its present process, or the last one
 * @property {'running' | 'paused' | 'killed'} state
 * @property {(...args: (string | number)[]) => Promise<any>} command Sends a command over a connection of
 *   its own, and returns the reply. To a server that is paused, it waits until that goes on.
 * @property {() => void} pause As when its machine hangs: connections stay open, and nothing is answered
 * @property {() => void} resume
 * @property {() => Promise<void>} kill `kill -9`
 * @property {() => Promise<void>} start Starts it again after {@link RestartableRedis.kill}, in the same folder
 */

/**
 * @typedef {object} TlsFiles
 * @property {{ certFile: string }} ca
 * @property {{ certFile: string, keyFile: string }} server
 * @property {{ certFile: string, keyFile: string }} client
 */

/**
 * Starts such a server. Whoever does ends it by `kill`, and removes its folder.
 *
 * @param {{ port: number, directory: string, binary?: string, config?: string, args: string[], password?: string }} options
 * @returns {Promise<RestartableRedis>}
 */
export async function startRestartableRedis({ password, ...options }) {
  let server = await startRedisServer(options)
  let side = await connect(options.port, password)
  /** @type {RestartableRedis['state']} */
  let state = 'running'
  return {
    port: options.port,
    get pid() {
      return server.pid
    },
    get state() {
      return state
    },
    async command(...args) {
      // Sentinels break all connections to a server that they give another role.
      if (!side.isOpen && state !== 'killed') side = await connect(options.port, password)
      return side.sendCommand(args.map(String))
    },
    pause() {
      process.kill(server.pid, 'SIGSTOP')
      state = 'paused'
    },
    resume() {
      process.kill(server.pid, 'SIGCONT')
      state = 'running'
    },
    async kill() {
      if (state === 'killed') return
      state = 'killed'
      side.destroy()
      server.process.kill('SIGKILL')
      await server.stop()
    },
    async start() {
      server = await startRedisServer(options)
      side = await connect(options.port, password)
      state = 'running'
    },
  }
}

/**
 * @param {number} port
 * @param {string} [password]
 */
async function connect(port, password) {
  // Scripts that install the npm packages can load this file before they have.
  let { createClient } = await import('redis')
  let socket = /** @type {const} */ ({ port, host: '127.0.0.1', reconnectStrategy: false })
  let client = createClient({ RESP: 2, password, socket })
  // It ends with the server.
  client.on('error', () => {})
  await client.connect()
  return client
}

/**
 * Returns the arguments of a server that listens with TLS, too, and connects to other servers with it.
 *
 * @param {TlsFiles} tls
 * @param {number} port
 */
export function tlsArguments({ ca, server, client }, port) {
  return [
    ...['--tls-port', port, '--tls-replication', 'yes'],
    ...['--tls-ca-cert-file', ca.certFile, '--tls-auth-clients', 'no'],
    ...['--tls-cert-file', server.certFile, '--tls-key-file', server.keyFile],
    ...['--tls-client-cert-file', client.certFile, '--tls-client-key-file', client.keyFile],
  ].map(String)
}

/** Returns the arguments of a server that connects to others from where proxies know that it is no client. */
export function behindProxies() {
  return process.platform === 'linux' ? ['--bind-source-addr', '127.0.0.2'] : []
}

/**
 * Starts servers that have their files in a new folder, which is removed if that fails. Tries again where somebody else has
 * taken one of their ports meanwhile.
 *
 * @template started
 * @param {string} prefix Of the folder's name
 * @param {(folder: ReturnType<typeof temporaryFolder>) => Promise<started>} start
 * @returns {Promise<started>}
 */
export async function startInFolder(prefix, start) {
  for (let attempts = 5; ; attempts--) {
    let folder = temporaryFolder(prefix)
    try {
      return await start(folder)
    } catch (error) {
      folder.remove()
      if (!isAddressTaken(error) || attempts === 0) throw error
    }
  }
}

/**
 * Waits until servers are as they shall be.
 *
 * @param {string} what That they are, for the error
 * @param {() => Promise<boolean>} isTrue
 * @param {number} [timeout] Milliseconds
 */
export async function until(what, isTrue, timeout = 20_000) {
  let deadline = performance.now() + timeout
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`Not within ${timeout} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}
