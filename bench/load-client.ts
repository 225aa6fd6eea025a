/** Loads an HTTP app, in a process of its own: keep-alive connections, one request at a time each. */
import net from 'node:net'

import { answer } from './rpc.ts'
import { percentiles, type Percentiles } from './statistics.ts'

export interface HttpLoad {
  requests: number
  /** Milliseconds. */
  elapsed: number
  /** Microseconds. */
  latency: Percentiles
}

interface Connection {
  /** Sends a request, and gives the head of its response. */
  get(path: string, cookie?: string): Promise<string>
  cookie: string
  end(): void
}

let connections: Connection[] = []
let latencies = new Float64Array(1 << 20)

const methods = {
  /** Connects, and gets a session for each connection. */
  async connect(port: number, count: number): Promise<void> {
    connections = await Promise.all(Array.from({ length: count }, () => connect(port)))
    for (let connection of connections) {
      let head = await connection.get('/start')
      connection.cookie = /^set-cookie: ([^;\r]+)/im.exec(head)?.[1] ?? ''
      if (connection.cookie === '') throw new Error(`The app gave no cookie:\n${head}`)
    }
  },

  async load(ms: number): Promise<HttpLoad> {
    let start = performance.now()
    let run = { end: start + ms, count: 0 }
    await Promise.all(connections.map((connection) => loadWith(connection, run)))
    return {
      requests: run.count,
      elapsed: performance.now() - start,
      latency: percentiles(latencies.subarray(0, run.count)),
    }
  },

  disconnect(): void {
    for (let connection of connections) connection.end()
    connections = []
  },
}

export type LoadClientMethods = typeof methods

async function loadWith(connection: Connection, run: { end: number; count: number }) {
  let started = performance.now()
  while (started < run.end) {
    await connection.get('/count', connection.cookie)
    let ended = performance.now()
    latencies[run.count++] = (ended - started) * 1000
    started = ended
  }
}

function connect(port: number): Promise<Connection> {
  return new Promise((resolve, reject) => {
    let socket = net.connect({ port, host: '127.0.0.1', noDelay: true }, () =>
      resolve({ get, cookie: '', end: () => socket.destroy() }),
    )
    let waiting: { resolve(head: string): void; reject(error: Error): void } | undefined
    let received = ''

    function get(path: string, cookie?: string): Promise<string> {
      let head = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n`
      socket.write(cookie ? `${head}Cookie: ${cookie}\r\n\r\n` : `${head}\r\n`)
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject }
      })
    }

    socket.setEncoding('latin1')
    socket.on('data', (data: string) => {
      received += data
      let head = completeResponse(received)
      if (head === undefined) return
      received = ''
      if (head.startsWith('HTTP/1.1 200')) waiting?.resolve(head)
      else waiting?.reject(new Error(`The app answered: ${head}`))
    })
    socket.once('error', reject)
    socket.once('close', () => waiting?.reject(new Error('The app hung up')))
  })
}

/** Gives the head of a response that is here as a whole. */
function completeResponse(text: string): string | undefined {
  let end = text.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  let head = text.slice(0, end)
  let length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
  let isComplete =
    length === undefined ? text.endsWith('\r\n0\r\n\r\n') : text.length >= end + 4 + Number(length)
  return isComplete ? head : undefined
}

answer(methods)
