/** The whole way of a request: a Remix app on Node's HTTP server, with its sessions in the storage. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { createCookie } from '@remix-run/cookie'
import { createRouter } from '@remix-run/fetch-router'
import { createRequestListener } from '@remix-run/node-fetch-server'
import { Session } from '@remix-run/session'
import { session as sessionMiddleware } from '@remix-run/session-middleware'

import type { Storage } from '../contenders/contender.ts'
import { sessionText, type Size } from '../sessions.ts'

/** Starts the app, and returns its port. */
export async function serveApp(storage: Storage): Promise<number> {
  let cookie = createCookie('__session', { secrets: ['s3cret'], httpOnly: true })
  let router = createRouter({ middleware: [sessionMiddleware(cookie, storage as never)] })

  router.get('/start/:size', (context) => {
    let size = Number(context.params.size) as Size
    let [values] = JSON.parse(sessionText({ shape: 'cart', size })) as [Record<string, unknown>]
    for (let [key, value] of Object.entries(values)) context.get(Session).set(key, value)
    return new Response('ok')
  })
  router.get('/count', (context) => {
    let session = context.get(Session)
    let count = Number(session.get('count')) + 1
    session.set('count', count)
    return new Response(String(count))
  })

  let server = createServer(createRequestListener((request) => router.fetch(request)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
