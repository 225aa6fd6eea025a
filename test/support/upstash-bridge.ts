/** Upstash's REST protocol in front of a Redis: a command is a JSON array in the body of a request. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createClient } from 'redis'

export interface UpstashBridge {
  url: string
  token: string
  stop(): Promise<void>
}

export async function startUpstashBridge(redisUrl: string): Promise<UpstashBridge> {
  let token = 't0ken'
  let client = createClient({ url: redisUrl })
  client.on('error', () => {})
  await client.connect()

  async function answer(command: string[]): Promise<{ result: unknown } | { error: string }> {
    try {
      return { result: await client.sendCommand(command) }
    } catch (error) {
      return { error: (error as Error).message }
    }
  }

  let server = createServer((request, response) => {
    void (async () => {
      if (request.headers.authorization !== `Bearer ${token}`) {
        return end(response, 401, { error: 'WRONGPASS invalid or missing auth token' })
      }
      let body: any = JSON.parse(await text(request))
      if (request.url === '/pipeline') {
        return end(response, 200, await Promise.all((body as string[][]).map(answer)))
      }
      let answered = await answer(body as string[])
      return end(response, 'error' in answered ? 400 : 200, answered)
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      client.destroy()
    },
  }
}

function end(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
