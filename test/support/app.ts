/** A small Remix app on a real port, whose sessions are in the storage that it is given. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { createCookie } from '@remix-run/cookie'
import { createRouter } from '@remix-run/fetch-router'
import { createRequestListener } from '@remix-run/node-fetch-server'
import { Session, type SessionStorage } from '@remix-run/session'
import { session } from '@remix-run/session-middleware'

export interface App {
  origin: string
  stop(): Promise<void>
}

export async function startApp(storage: SessionStorage): Promise<App> {
  let cookie = createCookie('__session', { secrets: ['s3cret'] })
  let router = createRouter({ middleware: [session(cookie, storage)] })
  router.get('/', (context) => Response.json(context.get(Session).data[0]))
  router.get('/flash', (context) => new Response(String(context.get(Session).get('message'))))
  router.post('/set', async (context) => {
    for (let [key, value] of new URLSearchParams(await context.request.text())) {
      context.get(Session).set(key, value)
    }
    return new Response('ok')
  })
  router.post('/count', (context) => {
    let session = context.get(Session)
    session.set('count', Number(session.get('count') ?? 0) + 1)
    return new Response(String(session.get('count')))
  })
  router.post('/login', async (context) => {
    let session = context.get(Session)
    session.set('user', new URLSearchParams(await context.request.text()).get('user'))
    session.flash('message', 'Welcome')
    session.regenerateId(true)
    return new Response('ok')
  })
  router.post('/logout', (context) => {
    context.get(Session).destroy()
    return new Response('ok')
  })

  let server = createServer(createRequestListener((request) => router.fetch(request)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
