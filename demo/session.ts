/** How the demo keeps its sessions: the two lines that an app needs. */
import { createCookie, type Cookie } from '@remix-run/cookie'
import { createRedisSessionStorage, type RedisSessionStorage } from 'remix-session-storage-redis'

import type { Servers } from './servers.ts'

/** Half an hour: short enough to watch it count down, and every request starts it anew. */
export const TTL = 30 * 60

/** Milliseconds within which a replica takes over from a server that is gone: requests wait for it. */
const TAKES_OVER = 10_000

/** What can become of the changes of requests that overlap. */
export const ON_CONFLICT = ['merge', 'overwrite'] as const

export type OnConflict = (typeof ON_CONFLICT)[number]

const PREFIX = 'session:'

/** A real app, which is served over HTTPS, would say `secure: true`, too. */
export function createSessionCookie(secret: string): Cookie {
  return createCookie('demo_session', { secrets: [secret], httpOnly: true, sameSite: 'Lax' })
}

export function createSessionStorage(
  { urls, isCluster }: Servers,
  onConflict: OnConflict,
): RedisSessionStorage {
  let options = { ttl: TTL, prefix: PREFIX, onConflict }
  return isCluster
    ? createRedisSessionStorage({ url: urls, cluster: true, timeout: TAKES_OVER, ...options })
    : createRedisSessionStorage({ url: urls[0], ...options })
}

/** Where Redis keeps the session of this id. */
export function keyOf(id: string): string {
  return PREFIX + id
}
