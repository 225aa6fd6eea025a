/**
 * A proxy before a server that holds every command, and every reply, until a scheduler lets it go. So the
 * scheduler decides in which order the server gets the commands of several processes.
 */
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'

import { HeldQueue, type Scheduler } from './held-queue.ts'
import { Frames, wordsOf } from './resp-frames.ts'

/** Turns of the event loop in which a client of this process hears a reply and sends what it leads to. */
const TURNS = 6

export interface Gate {
  port: number
  url: string
  /** Holds what comes from here on. */
  hold(scheduler: Scheduler): void
  /** Lets go what is held, and all that comes from here on. */
  open(): void
  /** Resolves when the server has answered what was let through, and the clients have reacted. */
  settled(): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts a gate before the server on a port. Where that is of a cluster, it names the gate rather than itself, so that clients stay.
 *
 * @param name how the scheduler's report calls the process whose commands come through the gate
 */
export async function startGate(target: { port: number }, name: string): Promise<Gate> {
  let scheduler: Scheduler | undefined
  let sockets = new Set<net.Socket>()
  let queues = new Set<HeldQueue>()
  let unanswered = 0
  let answered = Promise.withResolvers<void>()

  function pass(queue: HeldQueue, frame: Buffer, label: string) {
    if (scheduler === undefined) queue.pass(frame)
    else queue.hold(scheduler, { frame, label: `${name}: ${label}` })
  }

  let listener = net.createServer((client) => {
    let server = net.connect(target.port, '127.0.0.1')
    let commands = new HeldQueue((frame) => {
      unanswered++
      server.write(frame)
    })
    let replies = new HeldQueue((frame) => client.write(frame))
    for (let queue of [commands, replies]) queues.add(queue)
    for (let socket of [client, server]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => {
        for (let each of [client, server]) {
          sockets.delete(each)
          each.destroy()
        }
        for (let queue of [commands, replies]) queues.delete(queue)
      })
    }

    let [sent, heard] = [new Frames(), new Frames()]
    let labels: string[] = []
    client.on('data', (data) => {
      for (let frame of sent.take(data)) {
        let label = labelOf(frame)
        labels.push(label)
        pass(commands, frame, label)
      }
    })
    server.on('data', (data) => {
      for (let frame of heard.take(data)) {
        unanswered--
        let label = labels.shift()!
        let reply = label.startsWith('CLUSTER ') ? naming(frame, [target.port, port]) : frame
        pass(replies, reply, `reply to ${label}`)
      }
      answered.resolve()
      answered = Promise.withResolvers()
    })
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')

  let { port } = listener.address() as AddressInfo
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    hold(by) {
      scheduler = by
    },
    open() {
      scheduler = undefined
      for (let queue of queues) queue.releaseAll()
    },
    async settled() {
      while (unanswered > 0) await answered.promise
      for (let turn = 0; turn < TURNS; turn++) await setImmediate()
    },
    async stop() {
      listener.close()
      for (let socket of sockets) socket.destroy()
      await once(listener, 'close')
    },
  }
}

/** Returns a reply with another port in place of this one. Both have five digits, so that its lengths stay right. */
function naming(reply: Buffer, [port, other]: [number, number]): Buffer {
  return Buffer.from(reply.toString('latin1').replaceAll(String(port), String(other)), 'latin1')
}

/** The name of a command and the beginning of its key. */
function labelOf(command: Buffer): string {
  let [name = '', ...args] = wordsOf(command)
  let key = args.find((arg) => arg.startsWith('session:')) ?? ''
  return `${name.toUpperCase()} ${key.replace(/-.*/, '')}`
}
