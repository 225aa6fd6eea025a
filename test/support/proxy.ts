/** A TCP proxy before a server, which breaks the connections through it in the ways networks do. */
import { once } from 'node:events'
import net from 'node:net'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'

import { freePort } from '../../scripts/redis-server.js'

export interface Proxy {
  port: number
  url: string
  /** How many connections were accepted so far. */
  readonly connections: number
  /** How many connections are open now, held ones included. */
  readonly open: number
  /**
   * A black hole on the connections that are open now: what either side sends waits, and is lost
   * when the client gives the connection up. New connections work, unless `newOnes` are held too.
   */
  hold(newOnes?: boolean): void
  /** Resolves when something has come from the server, or with `'client'` from there, and is held. */
  held(from?: 'client' | 'server'): Promise<void>
  /**
   * Lets through what was held, in order, and what comes after it. Waits a turn of the event loop
   * for word of the connections that clients have given up by now: what they sent is lost.
   */
  release(): Promise<void>
  /** From now on, whatever either side sends takes up to so many milliseconds more, at random. */
  jitter(most: number): void
  /** Breaks all connections. */
  cut(): void
  /** Lets that many further bytes of replies through, and breaks all connections behind them. */
  cutAfter(replyBytes: number): void
  /** Lets that many further bytes of replies through, and then does as {@link hold}. */
  holdAfter(replyBytes: number): void
  /** Stops listening and breaks all connections, as when nobody is there. */
  refuse(): Promise<void>
  /** Listens again, on the same port. */
  accept(): Promise<void>
  stop(): Promise<void>
}

interface Link {
  client: net.Socket
  server: net.Socket
  isHeld: boolean
  /** When what was sent last arrives, by its direction. */
  arrivals: Map<net.Socket, Promise<void>>
  kept: { to: net.Socket; data: Buffer }[]
}

/** Starts a proxy before the server on this port of 127.0.0.1. */
export async function startProxy(target: { port: number }): Promise<Proxy> {
  let links = new Set<Link>()
  let connections = 0
  let holdsNewOnes = false
  let most = 0
  let replyBytesLeft = Infinity
  let atTheEnd = cut
  let onHeld: { from: 'client' | 'server'; resolve: () => void }[] = []

  let listener = net.createServer((client) => {
    connections++
    let server = net.connect(target.port, '127.0.0.1')
    let link: Link = { client, server, isHeld: holdsNewOnes, arrivals: new Map(), kept: [] }
    links.add(link)
    for (let socket of [client, server]) {
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => drop(link))
    }
    client.on('data', (data) => arrive(link, server, data))
    server.on('data', (data) => arrive(link, client, data))
  })

  function arrive(link: Link, to: net.Socket, data: Buffer) {
    if (most === 0) return pass(link, to, data)
    let delay = sleep(Math.random() * most)
    let before = link.arrivals.get(to)
    link.arrivals.set(
      to,
      Promise.all([before, delay]).then(() => {
        if (links.has(link)) pass(link, to, data)
      }),
    )
  }

  function pass(link: Link, to: net.Socket, data: Buffer) {
    let isReply = to === link.client
    if (link.isHeld) {
      link.kept.push({ to, data })
      let from = isReply ? 'server' : 'client'
      for (let waiting of onHeld) if (waiting.from === from) waiting.resolve()
      onHeld = onHeld.filter((waiting) => waiting.from !== from)
    } else if (!isReply || data.length < replyBytesLeft) {
      if (isReply) replyBytesLeft -= data.length
      to.write(data)
    } else {
      to.write(data.subarray(0, replyBytesLeft))
      let rest = data.subarray(replyBytesLeft)
      replyBytesLeft = Infinity
      atTheEnd()
      if (links.has(link)) pass(link, to, rest)
    }
  }

  /** What was written to the client before still reaches it. */
  function drop(link: Link) {
    links.delete(link)
    link.kept = []
    link.client.removeAllListeners('data').resume().destroySoon()
    link.server.destroy()
  }

  function cut() {
    for (let link of links) drop(link)
  }

  function hold(newOnes = false) {
    holdsNewOnes = newOnes
    for (let link of links) link.isHeld = true
  }

  async function accept() {
    listener.listen(port, '127.0.0.1')
    await once(listener, 'listening')
  }

  async function refuse() {
    if (!listener.listening) return
    let closed = once(listener, 'close')
    listener.close()
    cut()
    await closed
  }

  let port = await freePort()
  await accept()
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get connections() {
      return connections
    },
    get open() {
      return links.size
    },
    hold,
    held: (from = 'server') => new Promise((resolve) => onHeld.push({ from, resolve })),
    async release() {
      holdsNewOnes = false
      await setImmediate()
      for (let link of links) {
        link.isHeld = false
        for (let { to, data } of link.kept.splice(0)) pass(link, to, data)
      }
    },
    jitter(milliseconds) {
      most = milliseconds
    },
    cut,
    cutAfter(replyBytes) {
      replyBytesLeft = replyBytes
      atTheEnd = cut
    },
    holdAfter(replyBytes) {
      replyBytesLeft = replyBytes
      atTheEnd = hold
    },
    refuse,
    accept,
    stop: refuse,
  }
}
