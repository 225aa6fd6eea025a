/**
 * Looks at stored sessions over a connection of its own. Reading them through the session storage
 * would refresh their TTL and use up their flash messages.
 */
import { createClient } from 'redis'
import { keyOf } from './session.ts'

export interface StoredSession {
  key: string
  text: string
  bytes: number
  /** Milliseconds until Redis forgets it. */
  expiresIn: number
}

export interface SessionViewer {
  /** Gives what Redis holds for a session id, or `null` if that is nothing. */
  view(id: string): Promise<StoredSession | null>
  close(): void
}

export async function createSessionViewer(redisUrl: string): Promise<SessionViewer> {
  let client = createClient({ url: redisUrl })
  // It reconnects by itself, and a command that fails says why.
  client.on('error', () => {})
  await client.connect()

  return {
    async view(id) {
      let key = keyOf(id)
      let [text, expiresIn] = await Promise.all([client.get(key), client.pTTL(key)])
      if (text === null || expiresIn < 0) return null
      return { key, text, bytes: Buffer.byteLength(text), expiresIn }
    },
    close() {
      client.destroy()
    },
  }
}
