/**
 * Looks at stored sessions over a connection of its own. Reading them through the session storage
 * would refresh their TTL and use up their flash messages.
 */
import { setTimeout } from 'node:timers/promises'
import { createClient } from 'redis'

import { keyOf } from './session.ts'

export interface StoredSession {
  key: string
  text: string
  bytes: number
  /** Milliseconds until Redis forgets it. */
  expiresIn: number
  /** Which server of a cluster has it. */
  place?: { address: string; slot: number; pid: number }
}

export interface SessionViewer {
  /**
   * Gives what Redis holds for a session id, or `null` if that is nothing. Fails when Redis does not
   * say it soon.
   */
  view(id: string): Promise<StoredSession | null>
  close(): void
}

export async function createSessionViewer(redisUrl: string): Promise<SessionViewer> {
  // While Redis is away, commands fail rather than wait; the client reconnects by itself.
  let client = createClient({
    url: redisUrl,
    disableOfflineQueue: true,
    socket: { reconnectStrategy: 500 },
  })
  client.on('error', () => {})
  await client.connect()

  async function view(id: string): Promise<StoredSession | null> {
    let key = keyOf(id)
    let [text, expiresIn] = await Promise.all([client.get(key), client.pTTL(key)])
    if (text === null || expiresIn < 0) return null
    return { key, text, bytes: Buffer.byteLength(text), expiresIn }
  }

  return {
    view: (id) => Promise.race([view(id), deadline()]),
    close() {
      client.destroy()
    },
  }
}

async function deadline(): Promise<never> {
  await setTimeout(2000, undefined, { ref: false })
  throw new Error('Redis did not answer')
}
