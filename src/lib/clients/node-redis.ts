/** node-redis 4 to 6: a client, a cluster, a sentinel, or a pool of clients. */
import type { Caller } from './caller.ts'
import type { ClientFamily } from './client-adapter.ts'
import { looksLikeReply, textAt, type ClientErrors } from './client-error.ts'
import { commandAdapter, type CommandClient } from './command-adapter.ts'
import { classNames } from './class-names.ts'
import { hasMethod } from './redis-client.ts'
import { whenConnected } from './when-connected.ts'

const errors: ClientErrors = {
  replyIn(error) {
    let message = textAt(error, 'message')
    // Classes have lost their names where an app was minified. No other error of node-redis looks like a reply.
    let isReply = classNames(error).includes('ErrorReply') || looksLikeReply(message)
    return isReply ? message : undefined
  },
  isTimeout: (error) => classNames(error).some((name) => /(Timeout|Abort)Error$/.test(name)),
}

/** Has a client send commands in the order of the calls, though the app may have set it up to send the last one first. */
const IN_ORDER = { asap: false }

/** Has a client start no timer for a command besides: the deadline of the call comes first. */
const NO_TIMER = { ...IN_ORDER, timeout: undefined }

export const nodeRedis: ClientFamily = {
  includes: (client) => hasMethod(client, 'getEx') && hasMethod(client, 'sendCommand'),

  objectionTo(client: any) {
    if (!hasMethod(client, 'getEx')) return undefined
    if (hasMethod(client, 'execAsPipeline')) {
      return 'a transaction of node-redis (multi()): pass the client that made it'
    }
    if (isInLegacyMode(client)) {
      return 'a client of node-redis in legacy mode, which has callbacks: pass client.v4'
    }
    // What `client.v4` is has neither.
    return hasMethod(client, 'multi') && !hasMethod(client, 'connect')
      ? 'the legacy() interface of a client of node-redis, which has callbacks: pass the client itself'
      : undefined
  },

  adapt(client: any) {
    return commandAdapter({
      send: sendOf(client),
      errors,
      // oxlint-disable-next-line no-underscore-dangle -- node-redis 6 says nowhere else what it puts in front of keys
      keyPrefix: String(client._keyPrefix ?? ''),
      keepsOrder: !lendsConnections(client) && !isCluster(client),
    })
  },
}

/** Clients of node-redis 4 throw where they are not. */
function isInLegacyMode(client: any): boolean {
  try {
    return client.v4 !== undefined
  } catch {
    return false
  }
}

/** A command goes to whichever of its connections is free. */
function lendsConnections(client: any): boolean {
  return hasMethod(client, 'execute') || hasMethod(client, 'acquire')
}

/** It sends a command again that a node has refused, also behind one that came later. */
function isCluster(client: any): boolean {
  return hasMethod(client, 'getSlotMaster') || client.slots !== undefined
}

/** Sends a command to where writes go: replicas may not have yet what was just written. */
function sendOf(client: any): CommandClient['send'] {
  // Clients of node-redis 4 have no such method.
  let options = hasMethod(client, 'destroy') ? untilDeadline : () => NO_TIMER
  if (isCluster(client)) {
    return (command, key, caller) => client.sendCommand(key, false, command, options(caller))
  }
  if (hasMethod(client, 'acquire')) {
    return (command, _, caller) => client.sendCommand(false, command, options(caller))
  }
  let send: CommandClient['send'] = (command, _, caller) =>
    client.sendCommand(command, options(caller))
  // A pool has no state. The app may rather have commands fail at once.
  if (hasMethod(client, 'execute') || client.options?.disableOfflineQueue) return send
  // What `client.v4` is does not tell.
  return whenConnected(() => client.isReady !== false || !client.isOpen, send)
}

/**
 * Has a client of node-redis 5 or 6 drop a command at the deadline that it has not sent by then, because its socket was full or about
 * to be closed, or because it waits for another connection. A `timeout` would do so as well, but take a timer for each command, and
 * begin anew where a cluster or a sentinel sends the command elsewhere. In node-redis 4, a signal that is aborted when the
 * command has been sent spoils the count of the queue.
 */
function untilDeadline({ signal }: Caller): object {
  return { ...NO_TIMER, abortSignal: signal }
}
