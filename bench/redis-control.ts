/** The benchmark's own connection to Redis: fills it with sessions, and reads its counters. */
import net from 'node:net'

import { TTL } from './contenders/contender.ts'
import { sessionIds, sessionText, type Form } from './sessions.ts'

export interface ServerCounters {
  /** Commands since the server started, by name, without those of this connection. */
  commands: Record<string, number>
  /** CPU time of the server, microseconds. */
  cpu: number
}

export interface RedisControl {
  version: string
  /** Where it listens on 127.0.0.1. */
  port: number
  counters(): Promise<ServerCounters>
  /** Replaces everything in Redis with all sessions of a form. */
  fill(form: Form): Promise<void>
  /** Returns the size of a stored session in bytes. */
  sizeOf(id: string): Promise<number>
  /** Makes the commands of all clients wait for this many milliseconds. */
  pause(ms: number): Promise<void>
  close(): void
}

const OWN = new Set(['info', 'flushall', 'client|pause'])

export async function controlRedis(port: number): Promise<RedisControl> {
  let socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })

  /** Sends commands and returns their replies, each of which is a line or a text. */
  async function send(commands: string[][]): Promise<string[]> {
    let replies: string[] = []
    let buffer = ''
    return new Promise((resolve, reject) => {
      function onData(data: Buffer) {
        buffer += data.toString('latin1')
        for (;;) {
          let reply = nextReply(buffer)
          if (reply === undefined) break
          buffer = buffer.slice(reply.length)
          if (reply.text.startsWith('-')) reject(new Error(`Redis answered: ${reply.text}`))
          replies.push(reply.text)
        }
        if (replies.length < commands.length) return
        socket.off('data', onData)
        resolve(replies)
      }
      socket.on('data', onData)
      socket.write(commands.map(encode).join(''))
    })
  }

  let [server = ''] = await send([['INFO', 'server']])
  return {
    version: versionIn(server),
    port,
    async counters() {
      let [stats = '', cpu = ''] = await send([
        ['INFO', 'commandstats'],
        ['INFO', 'cpu'],
      ])
      return { commands: commandCounts(stats), cpu: cpuTime(cpu) }
    },
    async fill(form) {
      let text = sessionText(form)
      await send([['FLUSHALL']])
      await send(sessionIds(form).map((id) => ['SET', `session:${id}`, text, 'EX', String(TTL)]))
    },
    async sizeOf(id) {
      let [reply = ''] = await send([['STRLEN', `session:${id}`]])
      return Number(reply.slice(1))
    },
    async pause(ms) {
      await send([['CLIENT', 'PAUSE', String(ms)]])
    },
    close: () => socket.destroy(),
  }
}

function encode(command: string[]): string {
  let parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`)
  return `*${parts.length}\r\n${parts.join('')}`
}

function nextReply(buffer: string): { text: string; length: number } | undefined {
  let end = buffer.indexOf('\r\n')
  if (end === -1) return undefined
  if (buffer[0] !== '$') return { text: buffer.slice(0, end), length: end + 2 }
  let size = Number(buffer.slice(1, end))
  let length = end + 2 + size + 2
  return buffer.length < length ? undefined : { text: buffer.slice(end + 2, length - 2), length }
}

function commandCounts(stats: string): Record<string, number> {
  let counts: Record<string, number> = {}
  for (let [, name = '', calls] of stats.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)) {
    if (!OWN.has(name)) counts[name] = Number(calls)
  }
  return counts
}

function cpuTime(info: string): number {
  let seconds = (name: string) => Number(new RegExp(`^${name}:(.*)`, 'm').exec(info)?.[1])
  return (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1e6
}

/** Valkey also says which version of Redis it stands in for. */
function versionIn(info: string): string {
  let valkey = /^valkey_version:(\S+)/m.exec(info)
  return valkey ? `Valkey ${valkey[1]}` : `Redis ${/^redis_version:(\S+)/m.exec(info)?.[1]}`
}
