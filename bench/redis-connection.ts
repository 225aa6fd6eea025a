/** A connection to a server that sends commands and reads their replies, and no more. */
import net from 'node:net'

export interface RedisConnection {
  /** Sends commands and returns their replies, each of which is a line or a text. */
  send(commands: string[][]): Promise<string[]>
  close(): void
}

/** Connects to the server on this port of 127.0.0.1. */
export async function connectTo(port: number): Promise<RedisConnection> {
  let socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })

  async function send(commands: string[][]): Promise<string[]> {
    let replies: string[] = []
    if (commands.length === 0) return replies
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

  return { send, close: () => socket.destroy() }
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
