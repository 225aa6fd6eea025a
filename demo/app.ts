/** The demo: a small shop whose visitors have a session in Redis. */
import { readFileSync } from 'node:fs'
import { createRouter } from '@remix-run/fetch-router'
import { Session } from '@remix-run/session'
import { session as sessionMiddleware } from '@remix-run/session-middleware'
import { RedisSessionStorageError } from 'remix-session-storage-redis'

import { boxesOf, clearBoxes, putBox } from './boxes.ts'
import { cartOf, changeCart, findProduct } from './cart.ts'
import { errorPage, homePage } from './page.ts'
import { notePanel, panel } from './panel.ts'
import { asset, createNonce, page, redirect } from './response.ts'
import { routes } from './routes.ts'
import type { Servers } from './servers.ts'
import { createSessionCookie, createSessionStorage, ON_CONFLICT } from './session.ts'
import { createClusterViewer } from './stored-in-cluster.ts'
import { createSessionViewer, type SessionViewer } from './stored-session.ts'
import { createVolleys } from './volleys.ts'

export interface App {
  fetch(request: Request): Promise<Response>
  /** Ends the connections to Redis. */
  close(): Promise<void>
}

const STYLESHEET = readFileSync(new URL('style.css', import.meta.url), 'utf8')
const ICON = readFileSync(new URL('icon.svg', import.meta.url), 'utf8')

/** The longest name that a visitor can have. */
const NAME_LENGTH = 40

/**
 * @param origin Gives where the app is reached, once it is served
 * @throws {RedisSessionStorageError} when Redis cannot be reached
 */
export async function createApp(
  servers: Servers,
  secret: string,
  origin: () => string,
): Promise<App> {
  let sessionCookie = createSessionCookie(secret)
  let sessionStorage = createSessionStorage(servers, 'merge')
  // The same sessions, for the requests that show what merging is good for.
  let overwritingStorage = createSessionStorage(servers, 'overwrite')
  let storages = { merge: sessionStorage, overwrite: overwritingStorage }
  await Promise.all([sessionStorage.connect(), overwritingStorage.connect()])
  let viewer = await createViewer(servers)
  let volleys = createVolleys(origin)

  let router = createRouter({ defaultHandler: noSuchPage })

  router.map(routes.shop, {
    middleware: [sessionMiddleware(sessionCookie, sessionStorage)],
    actions: {
      home(context) {
        let session = context.get(Session)
        return page(
          homePage({
            name: session.get('name') as string | undefined,
            notice: session.get('notice') as string | undefined,
            problem: session.get('problem') as string | undefined,
            cart: cartOf(session),
            boxes: boxesOf(session),
            isCluster: servers.isCluster,
          }),
        )
      },

      async signIn(context) {
        let session = context.get(Session)
        let form = await formOf(context.request)
        let name = String(form.get('name') ?? '').trim()
        if (name === '' || name.length > NAME_LENGTH) {
          session.flash('problem', `A name has 1 to ${NAME_LENGTH} characters.`)
          return redirect(routes.shop.home.href())
        }
        // Whoever knew the id before the sign-in does not know the one after it.
        session.regenerateId(true)
        session.set('name', name)
        session.flash('notice', `Welcome, ${name}. Your session has a new id, and kept its cart.`)
        return redirect(routes.shop.home.href())
      },

      signOut(context) {
        context.get(Session).destroy()
        return redirect(routes.shop.home.href())
      },

      async add(context) {
        let session = context.get(Session)
        let product = findProduct(context.params.product)
        if (product === undefined) return noSuchProduct()
        changeCart(session, product, 1)
        session.flash('notice', `${product.name} is in your cart.`)
        let form = await formOf(context.request)
        return redirect(`${routes.shop.home.href()}#${form.has('from-cart') ? 'cart' : product.id}`)
      },

      remove(context) {
        let session = context.get(Session)
        let product = findProduct(context.params.product)
        if (product === undefined) return noSuchProduct()
        changeCart(session, product, -1)
        session.flash('notice', `${product.name}: one less in your cart.`)
        return redirect(`${routes.shop.home.href()}#cart`)
      },
    },
  })

  for (let onConflict of ON_CONFLICT) {
    // Without the middleware, because the session has to be stored before the requests read it.
    router.map(routes.fire[onConflict], async (context) => {
      let id = await sessionCookie.parse(context.headers.get('Cookie'))
      let session = await sessionStorage.read(id)
      clearBoxes(session, onConflict)
      let saved = await sessionStorage.save(session)
      let response = redirect(`${routes.shop.home.href()}#overlap`)
      // The visitor has signed out meanwhile.
      if (saved === null) return response

      let cookie = await sessionCookie.serialize(saved)
      await volleys.fire(onConflict, cookie.split(';', 1)[0]!)
      // Who has the cookie already may have signed in meanwhile, and have a newer one.
      if (saved !== id) response.headers.append('Set-Cookie', cookie)
      return response
    })

    router.map(routes.box[onConflict], {
      middleware: [sessionMiddleware(sessionCookie, storages[onConflict])],
      async handler(context) {
        if (!(await volleys.hold(context.params.volley))) return noSuchPage()
        putBox(context.get(Session), Number(context.params.box))
        return new Response(null, { status: 204 })
      },
    })
  }

  router.map(routes, {
    actions: {
      async stored(context) {
        let id = await sessionCookie.parse(context.headers.get('Cookie'))
        if (!id) return page(notePanel('nothing'), { isFramed: true })
        try {
          let stored = await viewer.view(id)
          if (stored === null) return page(notePanel('gone'), { isFramed: true })
          let nonce = createNonce()
          return page(panel(stored, nonce), { nonce, isFramed: true })
        } catch {
          return page(notePanel('unreachable'), { isFramed: true })
        }
      },
      stylesheet: () => asset(STYLESHEET, 'text/css'),
      icon: () => asset(ICON, 'image/svg+xml'),
    },
  })

  return {
    async fetch(request) {
      try {
        // The server leaves the body out; the headers are those of a GET.
        let asked = request.method === 'HEAD' ? new Request(request, { method: 'GET' }) : request
        return await router.fetch(asked)
      } catch (error) {
        if (!request.signal.aborted) console.error(error)
        return error instanceof RedisSessionStorageError
          ? page(errorPage(error.message), { status: 503 })
          : page(errorPage('Something went wrong. The terminal says what.'), { status: 500 })
      }
    },
    async close() {
      viewer.close()
      await Promise.all([sessionStorage.close(), overwritingStorage.close()])
    },
  }
}

async function createViewer({ urls, isCluster }: Servers): Promise<SessionViewer> {
  return isCluster ? createClusterViewer(urls) : createSessionViewer(urls[0])
}

/** Reads a form, or an empty one if something else was sent. */
function formOf(request: Request): Promise<FormData> {
  return request.formData().catch(() => new FormData())
}

function noSuchPage(): Response {
  return page(errorPage('There is no such page.'), { status: 404 })
}

function noSuchProduct(): Response {
  return page(errorPage('The shop does not have this.'), { status: 404 })
}
