/** What happens to the connections of a storage with a `url`, on `node:diagnostics_channel`. */
import { channel } from 'node:diagnostics_channel'

/** An event as the addon gives it. */
export type ConnectionEvent =
  | { name: 'connect'; address: string; attempt: number }
  | { name: 'disconnect'; address: string; cause: string }
  | { name: 'reconnect'; address: string; attempt: number; delay: number; cause: string }
  | { name: 'topology'; addresses: string[] }

const CHANNELS = {
  connect: channel('remix-session-storage-redis:connect'),
  disconnect: channel('remix-session-storage-redis:disconnect'),
  reconnect: channel('remix-session-storage-redis:reconnect'),
  topology: channel('remix-session-storage-redis:topology'),
}

/** Tells whoever listens. */
export function publish({ name, ...message }: ConnectionEvent): void {
  CHANNELS[name].publish(message)
}
