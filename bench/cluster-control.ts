/** The same for a cluster without replicas, whose slots stay where they are. */
import { connectTo } from './redis-connection.ts'
import {
  commandsToFill,
  controlRedis,
  type RedisControl,
  type ServerCounters,
} from './redis-control.ts'
import { sessionIds } from './sessions.ts'

interface Node {
  control: RedisControl
  /** The first and the last of its slots. */
  slots: [number, number]
}

/** @param ports are those of all primaries, each of which has one range of slots */
export async function controlCluster(ports: number[]): Promise<RedisControl> {
  let connections = await Promise.all(ports.map(connectTo))
  let nodes = await Promise.all(ports.map(nodeAt))
  /** By the id of a session. */
  let places = new Map<string, number>()

  async function nodeAt(port: number, index: number): Promise<Node> {
    let [lines = ''] = await connections[index]!.send([['CLUSTER', 'NODES']])
    let [, first, last] = /myself.* (\d+)-(\d+)$/m.exec(lines)!
    return { control: await controlRedis(port), slots: [Number(first), Number(last)] }
  }

  /** Returns which of the nodes each session is on. */
  async function placesOf(ids: string[]): Promise<number[]> {
    let unknown = ids.filter((id) => !places.has(id))
    let questions = unknown.map((id) => ['CLUSTER', 'KEYSLOT', `session:${id}`])
    for (let [index, reply] of (await connections[0]!.send(questions)).entries()) {
      // As in `:12182`.
      let slot = Number(reply.slice(1))
      let place = nodes.findIndex(({ slots: [first, last] }) => first <= slot && slot <= last)
      places.set(unknown[index]!, place)
    }
    return ids.map((id) => places.get(id)!)
  }

  return {
    version: nodes[0]!.control.version,
    ports,
    async counters() {
      let counters = await Promise.all(nodes.map(({ control }) => control.counters()))
      return counters.reduce(sum)
    },
    async fill(form) {
      let ids = sessionIds(form)
      let placed = await placesOf(ids)
      await Promise.all(
        connections.map(({ send }, place) => {
          let own = ids.filter((_, index) => placed[index] === place)
          return send([['FLUSHALL'], ...commandsToFill(form, own)])
        }),
      )
    },
    async sizeOf(id) {
      let [place] = await placesOf([id])
      return nodes[place!]!.control.sizeOf(id)
    },
    async pause(ms) {
      await Promise.all(nodes.map(({ control }) => control.pause(ms)))
    },
    close() {
      for (let { control } of nodes) control.close()
      for (let connection of connections) connection.close()
    },
  }
}

function sum(one: ServerCounters, other: ServerCounters): ServerCounters {
  let commands = { ...one.commands }
  for (let [name, count] of Object.entries(other.commands)) {
    commands[name] = (commands[name] ?? 0) + count
  }
  return { commands, cpu: one.cpu + other.cpu }
}
