/** ioredis 5 and 6, and iovalkey: a client, or one of a cluster. */
import type { Writable } from 'node:stream'

import type { Caller } from './caller.ts'
import type { ClientFamily } from './client-adapter.ts'
import { textAt, type ClientErrors } from './client-error.ts'
import { commandAdapter } from './command-adapter.ts'
import { hasMethod } from './redis-client.ts'
import { whenConnected } from './when-connected.ts'

const errors: ClientErrors = {
  replyIn: (error) =>
    textAt(error, 'name') === 'ReplyError' ? textAt(error, 'message') : undefined,
  // The error of its `commandTimeout` has nothing but a message.
  isTimeout: (error) =>
    textAt(error, 'code') === 'ETIMEDOUT' || textAt(error, 'message') === 'Command timed out',
}

/** By these names, all versions put the client's own `keyPrefix` in front of the key. */
const METHODS: Record<string, string> = {
  APPEND: 'append',
  DEL: 'del',
  EVAL: 'eval',
  EVALSHA: 'evalsha',
  EXPIRE: 'expire',
  GET: 'get',
  GETEX: 'getex',
  SET: 'set',
}

export const ioredis: ClientFamily = {
  includes: (client) => hasMethod(client, 'getex') && hasMethod(client, 'call'),

  objectionTo: (client: any) =>
    client.isPipeline === true
      ? 'a pipeline or transaction of ioredis: pass the client that made it'
      : undefined,

  adapt(client: any) {
    let writeTogether = togetherOn(() => client.stream)
    let methods = withoutAutoPipelines(client)

    function send([name, ...args]: string[], _: string, { pending }: Caller): unknown {
      if (pending > FEW_CALLS) writeTogether()
      let method = METHODS[name!]!
      return methods === undefined ? client[method](...args) : methods[method]!.apply(client, args)
    }

    let isConnectedNow = () => {
      connectIfLazy(client)
      return isConnected(client)
    }

    // The app may rather have commands fail at once.
    let hasQueue = client.options?.enableOfflineQueue !== false
    return commandAdapter({
      send: hasQueue ? whenConnected(isConnectedNow, send) : send,
      errors,
      // A cluster sends a command again that a node has refused, also behind one that came later.
      keepsOrder: client.isCluster !== true,
      mayReadFromReplicas: client.isCluster === true && client.options?.scaleReads !== 'master',
    })
  },
}

/** When a client queues commands. */
const NOT_YET = new Set(['wait', 'connecting', 'connect', 'close', 'reconnecting'])

/** Has a client connect that would connect with its first command, and queue that. */
function connectIfLazy(client: any): void {
  // Where this fails, the client says so by its events, and who waits by its deadline.
  if (client.status === 'wait') client.connect().catch(() => {})
}

/** Whether a client sends commands at once, or refuses them. */
function isConnected(client: any): boolean {
  // Once the other side has closed the connection, commands are queued, and only later is the status another one.
  if (client.status === 'ready') return client.stream?.writable !== false
  return !NOT_YET.has(client.status)
}

/**
 * Returns methods of a client that pipelines by itself that do not: it takes longer than writing together. A cluster keeps
 * its own, because it has a socket for each node.
 */
function withoutAutoPipelines(client: any): Record<string, Function> | undefined {
  if (client.isCluster || !client.options?.enableAutoPipelining) return undefined
  let methods = Object.values(METHODS).map((name) => [
    name,
    client.createBuiltinCommand(name).string,
  ])
  return Object.fromEntries(methods)
}

/**
 * By itself, ioredis writes each command, which takes longer than all else that it does for one. Up to this many
 * pending calls that is right all the same: Redis is at work while the next command is made.
 */
const FEW_CALLS = 4

/** How many commands are written together: Redis works on them while the next ones are made. */
const COMMANDS_TOGETHER = 32

/** Returns what has a socket write the commands of this tick together, when called before each of them. */
function togetherOn(socketNow: () => Writable | null | undefined): () => void {
  let corked: Writable | undefined
  let commands = 0

  function uncork(): void {
    corked?.uncork()
    corked = undefined
  }

  return () => {
    if (corked === undefined) process.nextTick(uncork)
    else if (++commands < COMMANDS_TOGETHER) return
    uncork()
    commands = 0
    let socket = socketNow()
    if (!hasMethod(socket, 'cork')) return
    corked = socket!
    corked.cork()
  }
}
