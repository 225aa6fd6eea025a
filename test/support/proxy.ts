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
  /** A black hole on connections that are made from now on; those that are open now work. */
  holdNewOnes(): void
  /** Half-open: what this side sends on the open connections waits, and what the other sends arrives. */
  holdFrom(side: 'client' | 'server'): void
  /** Resolves when something has come from the server, or with `'client'` from there, and is held. */
  held(from?: 'client' | 'server'): Promise<void>
  /**
   * Lets through what was held, in order, and what comes after it. Waits a turn of the event loop
   * for word of the connections that clients have given up by now: what they sent is lost.
   */
  release(): Promise<void>
  /** From now on, whatever either side sends takes up to so many milliseconds more, at random. */
  jitter(most: number): void
  /**
   * From now on, no more than so many bytes a second pass in either direction of a connection. Who
   * sends more finds the connection full, as on a slow network. `Infinity` ends it.
   */
  throttle(bytesPerSecond: number): void
  /** Has the clients receive these bytes on the open connections, as if the server had sent them. */
  inject(bytes: string | Uint8Array): void
  /** Breaks all connections. What the server has sent before still arrives. */
  cut(): void
  /** Breaks all connections by an RST on both sides. What is on its way is lost. */
  reset(): void
  /** Lets that many further bytes of replies through, and breaks all connections behind them. */
  cutAfter(replyBytes: number): void
  /** Lets that many further bytes of replies through, and then does as {@link hold}. */
  holdAfter(replyBytes: number): void
  /** Stops listening and breaks all connections but those between servers, as when nobody is there. */
  refuse(): Promise<void>
  /** Listens again, on the same port. */
  accept(): Promise<void>
  /** A black hole between the server and other servers; clients notice nothing. */
  isolate(): void
  /** Ends it. Servers have to connect to each other again. */
  rejoin(): void
  stop(): Promise<void>
}

/**
 * Servers that connect to each other from here are not the proxy's business: it passes on what they
 * say, and does not count them.
 */
export const SERVERS_ADDRESS = '127.0.0.2'

interface Link {
  client: net.Socket
  server: net.Socket
  /** The senders whose bytes are kept. */
  held: Set<net.Socket>
  /** When what was sent last arrives, by its direction, while that is delayed. */
  arrivals: Map<net.Socket, Promise<void>>
  kept: { to: net.Socket; data: Buffer }[]
}

/** How often something passes a throttled connection. */
const SLICES_PER_SECOND = 50

/** Starts a proxy before the server on this port of 127.0.0.1. */
export async function startProxy(target: { port: number }): Promise<Proxy> {
  let links = new Set<Link>()
  let passedOn = new Set<net.Socket>()
  let isIsolated = false
  let connections = 0
  let holdsNewOnes = false
  let most = 0
  let rate = Infinity
  let replyBytesLeft = Infinity
  let atTheEnd = cut
  let onHeld: { from: 'client' | 'server'; resolve: () => void }[] = []

  let listener = net.createServer((client) => {
    let server = net.connect(target.port, '127.0.0.1')
    if (client.remoteAddress === SERVERS_ADDRESS) return passOn(client, server)
    connections++
    let link: Link = { client, server, held: new Set(), arrivals: new Map(), kept: [] }
    if (holdsNewOnes) holdBoth(link)
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
    let before = link.arrivals.get(to)
    if (before === undefined && most === 0 && rate === Infinity) return pass(link, to, data)

    // Behind what was delayed before, also where nothing is delayed any more.
    let delay = most === 0 ? undefined : sleep(Math.random() * most)
    let arrival = Promise.all([before, delay])
      .then(() => trickle(link, to, data))
      .then(() => {
        if (link.arrivals.get(to) === arrival) link.arrivals.delete(to)
      })
    link.arrivals.set(to, arrival)
  }

  /** Takes no more from the sender before all of it has passed. */
  async function trickle(link: Link, to: net.Socket, data: Buffer) {
    let from = senderTo(to, link)
    from.pause()
    while (data.length > 0 && links.has(link)) {
      let count = Math.max(1, Math.min(data.length, Math.floor(rate / SLICES_PER_SECOND)))
      if (rate !== Infinity) await sleep((1000 * count) / rate)
      if (links.has(link)) pass(link, to, data.subarray(0, count))
      data = data.subarray(count)
    }
    from.resume()
  }

  function pass(link: Link, to: net.Socket, data: Buffer) {
    let isReply = to === link.client
    if (link.held.has(senderTo(to, link))) {
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
    forget(link)
    link.client.removeAllListeners('data').resume().destroySoon()
    link.server.destroy()
  }

  function forget(link: Link) {
    links.delete(link)
    link.kept = []
  }

  function cut() {
    for (let link of links) drop(link)
  }

  function reset() {
    for (let link of links) {
      forget(link)
      link.client.resetAndDestroy()
      link.server.resetAndDestroy()
    }
  }

  function hold(newOnes = false) {
    holdsNewOnes = newOnes
    for (let link of links) holdBoth(link)
  }

  async function accept() {
    listener.listen(port, '127.0.0.1')
    await once(listener, 'listening')
  }

  async function refuse() {
    if (!listener.listening) return
    let closed = [...links].map(({ client }) => once(client, 'close'))
    listener.close()
    cut()
    await Promise.all(closed)
  }

  function rejoin() {
    isIsolated = false
    for (let socket of passedOn) socket.destroy()
  }

  async function stop() {
    rejoin()
    await refuse()
  }

  function passOn(client: net.Socket, server: net.Socket) {
    for (let [from, to] of [[client, server] as const, [server, client] as const]) {
      passedOn.add(from)
      from.setNoDelay(true).on('error', () => {})
      from.on('close', () => {
        passedOn.delete(from)
        to.destroy()
      })
      if (isIsolated) from.pause()
      else from.pipe(to)
    }
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
    holdNewOnes() {
      holdsNewOnes = true
    },
    holdFrom(side) {
      for (let link of links) link.held.add(link[side])
    },
    held: (from = 'server') => new Promise((resolve) => onHeld.push({ from, resolve })),
    async release() {
      holdsNewOnes = false
      await setImmediate()
      for (let link of links) {
        link.held.clear()
        for (let { to, data } of link.kept.splice(0)) pass(link, to, data)
      }
    },
    jitter(milliseconds) {
      most = milliseconds
    },
    throttle(bytesPerSecond) {
      rate = bytesPerSecond
    },
    inject(bytes) {
      for (let { client } of links) client.write(bytes)
    },
    cut,
    reset,
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
    isolate() {
      isIsolated = true
      for (let socket of passedOn) socket.unpipe().pause()
    },
    rejoin,
    stop,
  }
}

function senderTo(receiver: net.Socket, { client, server }: Link): net.Socket {
  return receiver === client ? server : client
}

function holdBoth({ client, server, held }: Link) {
  held.add(client).add(server)
}
