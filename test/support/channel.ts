/** What a storage tells an app on `node:diagnostics_channel`. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'

import { onTestFinished } from 'vitest'

/** Returns the messages of a channel, which come in until the test has finished. */
export function messagesOn(channel: string): any[] {
  let name = `remix-session-storage-redis:${channel}`
  let messages: unknown[] = []
  let listen = (message: unknown) => void messages.push(message)
  subscribe(name, listen)
  onTestFinished(() => void unsubscribe(name, listen))
  return messages
}
