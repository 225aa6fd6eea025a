/** Serves the demo with Node's HTTP server. */
import { createServer, type Server } from 'node:http'
import { isIPv6, type AddressInfo } from 'node:net'
import { createRequestListener } from '@remix-run/node-fetch-server'

import type { App } from './app.ts'

export interface RunningServer {
  /** For visitors. */
  url: string
  /** Where this process reaches itself. A request's `Host` header could name any other server. */
  origin: string
  /** Resolves once all requests are answered. */
  close(): Promise<void>
}

/** The port to have if nobody has it yet and none was asked for. */
const USUAL_PORT = 3000

/** What to connect to where a server listens on all addresses. */
const LOOPBACK: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/**
 * @param app What to serve
 * @param port The port to listen on; by default 3000, or any free one when that is taken
 * @param host The address to listen on
 */
export async function serve(
  app: App,
  port: number | undefined,
  host = '127.0.0.1',
): Promise<RunningServer> {
  let server = createServer(createRequestListener((request) => app.fetch(request)))
  try {
    await listen(server, port ?? USUAL_PORT, host)
  } catch (error) {
    if (port !== undefined || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    await listen(server, 0, host)
  }

  let { address, port: bound } = server.address() as AddressInfo
  return {
    url: `http://localhost:${bound}`,
    origin: originOf(address, bound),
    close() {
      return new Promise((resolve) => {
        server.close(() => resolve())
        // Browsers keep connections open that they may need again.
        server.closeIdleConnections()
      })
    },
  }
}

function originOf(address: string, port: number): string {
  let reachable = LOOPBACK[address] ?? address
  return `http://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${port}`
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
