/** The benchmark's own connection to Redis: fills it with sessions, and reads its counters. */
import { TTL } from './contenders/contender.ts'
import { connectTo } from './redis-connection.ts'
import { sessionIds, sessionText, type Form } from './sessions.ts'

export interface ServerCounters {
  /** Commands since the server started, by name, without those of this connection. */
  commands: Record<string, number>
  /** CPU time of the server, microseconds. */
  cpu: number
}

export interface RedisControl {
  version: string
  /** Where it listens on 127.0.0.1; several for the nodes of a cluster. */
  ports: number[]
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

/** Controls one server. */
export async function controlRedis(port: number): Promise<RedisControl> {
  let { send, close } = await connectTo(port)
  let [server = ''] = await send([['INFO', 'server']])
  return {
    version: versionIn(server),
    ports: [port],
    async counters() {
      let [stats = '', cpu = ''] = await send([
        ['INFO', 'commandstats'],
        ['INFO', 'cpu'],
      ])
      return { commands: commandCounts(stats), cpu: cpuTime(cpu) }
    },
    async fill(form) {
      await send([['FLUSHALL'], ...commandsToFill(form, sessionIds(form))])
    },
    async sizeOf(id) {
      let [reply = ''] = await send([['STRLEN', `session:${id}`]])
      return Number(reply.slice(1))
    },
    async pause(ms) {
      await send([['CLIENT', 'PAUSE', String(ms)]])
    },
    close,
  }
}

/** The commands that store these sessions of a form. */
export function commandsToFill(form: Form, ids: string[]): string[][] {
  let text = sessionText(form)
  return ids.map((id) => ['SET', `session:${id}`, text, 'EX', String(TTL)])
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
