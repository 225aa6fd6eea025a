/** Through Remix's router and session middleware, over real HTTP. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { startApp, type App } from '../support/app.ts'
import { ioredis, native, nodeRedis, type OpenStorage } from '../support/backends.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'
import { visitor } from '../support/visitor.ts'

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())
beforeEach(() => redis.side.flushAll())

describe.each([native, nodeRedis, ioredis])('an app over $name', (backend) => {
  let app: App
  let open: OpenStorage
  beforeAll(async () => {
    open = await backend.create(redis)
    app = await startApp(open.storage)
  })
  afterAll(async () => {
    await app.stop()
    await open.close()
  })

  test('gives no cookie to a visitor who leaves nothing behind', async () => {
    let guest = visitor(app.origin)
    await guest.get('/')

    expect(guest.cookie).toBe(undefined)
    expect(await redis.sessionIds()).toEqual([])
  })

  test('keeps what a visitor leaves behind', async () => {
    let ann = visitor(app.origin)
    await ann.post('/set', { color: 'blue' })

    expect(JSON.parse(await ann.get('/'))).toEqual({ color: 'blue' })
    expect(await redis.side.dbSize()).toBe(1)
  })

  test('gives a new id at sign-in, and the old one is worth nothing', async () => {
    let ann = visitor(app.origin)
    await ann.post('/set', { cart: 'tea' })
    let before = ann.cookie
    await ann.post('/login', { user: 'ann' })

    expect(ann.cookie).not.toBe(before)
    expect(JSON.parse(await ann.get('/'))).toEqual({ cart: 'tea', user: 'ann' })
    let thief = visitor(app.origin)
    thief.cookie = before
    expect(await thief.get('/')).toBe('{}')
  })

  test('shows a flash message once', async () => {
    let ann = visitor(app.origin)
    await ann.post('/login', { user: 'ann' })

    expect(await ann.get('/flash')).toBe('Welcome')
    expect(await ann.get('/flash')).toBe('undefined')
  })

  test('forgets a visitor who signs out, also for a copy of the cookie', async () => {
    let ann = visitor(app.origin)
    await ann.post('/login', { user: 'ann' })
    let copy = visitor(app.origin)
    copy.cookie = ann.cookie
    await ann.post('/logout')

    expect(ann.cookie).toBe(undefined)
    expect(await copy.get('/')).toBe('{}')
    expect(await redis.sessionIds()).toEqual([])
  })

  test('never mixes up visitors who come at the same time', async () => {
    let visitors = Array.from({ length: 20 }, () => visitor(app.origin))
    await Promise.all(visitors.map((one, i) => one.post('/login', { user: `user-${i}` })))
    for (let round = 1; round <= 5; round++) {
      let counts = await Promise.all(visitors.map((one) => one.post('/count')))
      expect(counts).toEqual(visitors.map(() => String(round)))
      let seen = await Promise.all(visitors.map((one) => one.get('/')))
      expect(seen.map((text) => JSON.parse(text).user)).toEqual(visitors.map((_, i) => `user-${i}`))
    }
  })

  test('does not forge a session from a cookie that was tampered with', async () => {
    let ann = visitor(app.origin)
    await ann.post('/set', { color: 'blue' })
    ann.cookie = ann.cookie!.slice(0, -3) + 'AAA'

    expect(await ann.get('/')).toBe('{}')
  })
})
