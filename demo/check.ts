/**
 * A scripted visit to the demo, over HTTP and with a look into Redis after each step: what a person
 * sees on the page, and that it is true.
 */
import { randomUUID } from 'node:crypto'
import { createClient, createCluster } from 'redis'

import { startApp } from './app-process.ts'
import { createReport } from './report.ts'
import { CLUSTER, type Servers } from './servers.ts'
import { createSessionCookie, keyOf, TTL } from './session.ts'
import { createVisitor, type Page, type Visitor } from './visitor.ts'

const EMPTY_CART = 'There is nothing in it.'

/** @returns Whether everything was as expected */
export async function check({ urls, isCluster }: Servers, secret: string): Promise<boolean> {
  let { expect, isGood } = createReport()
  let redis = isCluster
    ? createCluster({ rootNodes: urls.map((url) => ({ url })) })
    : createClient({ url: urls[0] })
  await redis.connect()
  let args = isCluster ? [CLUSTER] : []
  let app = await startApp(args)
  console.log(`\nVisiting ${app.url}\n`)

  let visitor = createVisitor(() => app.url)
  let other = createVisitor(() => app.url)

  try {
    await firstVisit()
    await fillCart()
    await readOnly()
    await signIn()
    await overlap()
    await lookFromOutside()
    await otherVisitor()
    await restart()
    await signOut()
  } catch (error) {
    expect('the visit comes to its end', false, String(error))
  } finally {
    await other.post('/sign-out').catch(() => {})
    expect('the app stops cleanly', await app.stop())
    redis.destroy()
  }
  return isGood()

  async function firstVisit(): Promise<void> {
    let page = await visitor.get('/')
    expect('a first visit shows the shop', page.status === 200 && shows(page, 'On the shelf'))
    expect('and sets no cookie, as nothing is stored', page.setCookies.length === 0)
    expect('which the panel says', shows(await visitor.get('/stored'), 'Nothing yet'))
  }

  async function fillCart(): Promise<void> {
    let page = await visitor.post('/cart/notebook/add')
    let key = await keyFor(visitor)
    expect('the first notebook in the cart makes a session', key !== null, await seen(key))
    let flash = 'Notebook is in your cart.'
    expect('a flash message says so', shows(page, flash))
    expect('on the next page it is gone', !shows(await visitor.get('/'), flash))

    await visitor.post('/cart/pen/add')
    await visitor.post('/cart/pen/add')
    page = await visitor.post('/cart/notebook/remove')
    expect('two pens more and a notebook less: two items', shows(page, '2 items', '€ 64.00'))
    expect('under the same key', (await keyFor(visitor)) === key, await seen(key))
  }

  async function readOnly(): Promise<void> {
    await visitor.get('/')
    let key = (await keyFor(visitor))!
    let before = await redis.get(key)
    await redis.expire(key, 60)
    let page = await visitor.get('/')
    let ttl = await redis.ttl(key)
    expect('a page that changes nothing sets no cookie', page.setCookies.length === 0)
    expect('and stores nothing', (await redis.get(key)) === before)
    expect('but its TTL starts anew', ttl > TTL - 5 && ttl <= TTL, `60 s → ${ttl} s`)
  }

  async function signIn(): Promise<void> {
    let before = (await keyFor(visitor))!
    let page = await visitor.post('/sign-in', { name: '<Ada> & "Co"' })
    let after = await keyFor(visitor)
    expect('signing in changes the id', after !== null && after !== before, await seen(after))
    expect('the old key is gone from Redis', (await redis.exists(before)) === 0, before)
    expect(
      'the page greets, with the name escaped',
      shows(page, '&lt;Ada&gt; &amp; &quot;Co&quot;'),
    )
    expect('the cart came along', shows(page, '2 items'))
    page = await visitor.post('/sign-in', { name: '  ' })
    expect('a name has to be more than blanks', shows(page, 'A name has 1 to 40 characters'))
  }

  async function overlap(): Promise<void> {
    let key = (await keyFor(visitor))!
    let page = await visitor.post('/fire/merge')
    expect('of 20 requests that overlap, merging keeps all', shows(page, '20 of 20 kept'))
    expect('which Redis holds', (await boxesIn(key)) === 20, await seen(key))
    page = await visitor.post('/fire/overwrite')
    expect('overwriting keeps the last', shows(page, '>1 of 20 kept', 'the last save won'))
    expect('which is all that Redis holds', (await boxesIn(key)) === 1, await seen(key))
    expect('a visitor who has the cookie is sent none', page.setCookies.length === 0)
    expect('the cart and the name stay', shows(page, '2 items', 'Signed in as', 'Ada'))
    let late = await visitor.post(`/fire/merge/${randomUUID()}/1`)
    expect('nobody else fires one of them', late.status === 404 && (await boxesIn(key)) === 1)
  }

  async function lookFromOutside(): Promise<void> {
    let key = (await keyFor(visitor))!
    // A flash message waits in the session: it was stored, and no page has shown it yet.
    await visitor.post('/cart/ink/add', {}, { follow: false })
    await redis.expire(key, 60)
    let panel = await visitor.get('/stored')
    expect(
      'the panel shows key, size and value',
      shows(panel, key.slice(-36), 'bytes', 'Bottle of ink is in'),
    )
    expect('without refreshing the TTL', (await redis.ttl(key)) <= 60)
    let page = await visitor.get('/')
    expect('or using up the flash message', shows(page, 'Bottle of ink is in your cart.'))
  }

  async function otherVisitor(): Promise<void> {
    let page = await other.get('/')
    expect('another visitor sees none of this', shows(page, EMPTY_CART) && !shows(page, 'Ada'))
    page = await other.post('/cart/mug/add')
    let key = await keyFor(other)
    expect('and gets a session of its own', key !== (await keyFor(visitor)), await seen(key))
    page = await visitor.get('/')
    expect(
      'which the first one does not see',
      shows(page, '3 items') && !shows(page, 'One less: Enamel mug'),
    )
  }

  async function restart(): Promise<void> {
    let key = await keyFor(visitor)
    expect('the app stops cleanly', await app.stop())
    app = await startApp(args)
    let page = await visitor.get('/')
    expect('after a restart the cart is as it was', shows(page, '3 items', '€ 75.50'), app.url)
    expect('and the visitor still signed in', shows(page, 'Signed in as', 'Ada'), await seen(key))
  }

  async function signOut(): Promise<void> {
    let key = (await keyFor(visitor))!
    let thief = createVisitor(() => app.url, visitor.cookie())
    let page = await visitor.post('/sign-out')
    expect('signing out deletes the key', (await redis.exists(key)) === 0, key)
    expect('and clears the cookie', visitor.cookie() === '' && shows(page, 'Your name', EMPTY_CART))
    page = await thief.get('/')
    expect('the old cookie is signed out, too', shows(page, 'Your name') && !shows(page, 'Ada'))
  }

  /** The key of the session that a visitor's cookie names. */
  async function keyFor(someone: Visitor): Promise<string | null> {
    let id = await createSessionCookie(secret).parse(someone.cookie())
    return id ? keyOf(id) : null
  }

  async function boxesIn(key: string): Promise<number> {
    let [values] = JSON.parse((await redis.get(key))!) as [values: object]
    return Object.keys(values).filter((name) => name.startsWith('box.')).length
  }

  /** What Redis holds, for the report. */
  async function seen(key: string | null): Promise<string> {
    return key === null ? 'no session' : `${key} ${await redis.get(key)}`
  }
}

function shows(page: Page, ...texts: string[]): boolean {
  return texts.every((text) => page.html.includes(text))
}
