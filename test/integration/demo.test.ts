/** The demo as a person sees it: in a browser, without client-side JavaScript. */
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { startApp, type AppProcess } from '../../demo/app-process.ts'
import { createVolleys } from '../../demo/volleys.ts'
import { startBrowser } from '../support/browser.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

let redis: TestRedis
let app: AppProcess
let browser: Browser
let folder: string

const BOX_KEYS = Array.from({ length: 20 }, (_, index) => `box.${index + 1}`)

beforeAll(async () => {
  redis = await startRedis()
  process.env.REDIS_URL = redis.url
  process.env.SESSION_SECRET = 's3cret'
  folder = await mkdtemp(path.join(tmpdir(), 'demo-'))
  app = await startApp()
  browser = await startBrowser()
})
afterAll(async () => {
  await browser.close()
  expect(await app.stop()).toBe(true)
  await redis.stop()
  await rm(folder, { recursive: true })
})

/** What Redis holds for the session that the page's panel shows. */
async function storedFor(page: Page): Promise<Record<string, unknown>> {
  let key = await page.frameLocator('iframe').locator('dd.key').textContent()
  let [values] = JSON.parse(String(await redis.side.get(String(key))))
  return values
}

function boxKeys(stored: Record<string, unknown>): string[] {
  return Object.keys(stored).filter((key) => key.startsWith('box.'))
}

function readsBeforeFirstBox(commands: string[][]): number {
  let first = commands.findIndex(([verb, , text]) => verb === 'SET' && text!.includes('box.'))
  return commands.slice(0, first).filter(([verb]) => verb === 'GETEX').length
}

async function open(width: number): Promise<Page> {
  let context = await browser.newContext({
    javaScriptEnabled: false,
    viewport: { width, height: 800 },
  })
  let page = await context.newPage()
  await page.goto(app.url)
  return page
}

test.each([1280, 360])('a visitor signs in and fills a cart, %i pixels wide', async (width) => {
  let page = await open(width)
  await page.getByRole('textbox').fill('Ann')
  await page.getByRole('button', { name: 'Sign in' }).click()
  expect(await page.getByText('Signed in as Ann').count()).toBe(1)

  await page.getByRole('button', { name: /add/i }).first().click()
  let flash = page.getByRole('status')
  expect(await flash.textContent()).toContain('in your cart')

  let panel = page.frameLocator('iframe')
  let [id] = /session:\S+/.exec(String(await panel.locator('dd.key').textContent())) ?? []
  expect(await redis.side.get(String(id))).toContain('"name":"Ann"')
  expect(await panel.locator('pre').textContent()).toContain('"cart"')

  let screenshot = path.join(folder, `${width}.png`)
  await page.screenshot({ path: screenshot, fullPage: true })
  expect((await stat(screenshot)).size).toBeGreaterThan(10_000)
  let overflow = await page.locator('html').boundingBox()
  expect(overflow!.width).toBeLessThanOrEqual(width)

  await page.reload()
  expect(await flash.count()).toBe(0)
  await page.getByRole('button', { name: 'Sign out' }).click()
  expect(await redis.side.exists(String(id))).toBe(0)
  expect(await page.getByRole('button', { name: 'Sign in' }).count()).toBe(1)
})

test.each([1280, 360])(
  'twenty requests at once keep their boxes, or with overwrite one, %i pixels wide',
  async (width) => {
    let page = await open(width)
    let merge = page.getByRole('button', { name: 'Fire 20 requests', exact: true })
    let overwrite = page.getByRole('button', { name: 'Fire 20 with overwrite', exact: true })
    let outcome = page.locator('.outcome')
    let boxes = page.getByRole('listitem').filter({ hasText: /^\d+ (kept|lost)$/ })
    let kept = boxes.filter({ hasText: 'kept' })
    expect(await boxes.count()).toBe(0)

    // A first visit: there is no session before the requests.
    await merge.click()
    expect(await outcome.textContent()).toMatch(/^\s*20 of 20 kept\s/)
    expect(await kept.count()).toBe(20)
    expect(boxKeys(await storedFor(page)).toSorted()).toEqual(BOX_KEYS.toSorted())

    await page.getByRole('textbox').fill('Ann')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('button', { name: /add/i }).first().click()

    let commands = await redis.commandsDuring(() => overwrite.click())
    // The first one is the read that all boxes are removed after.
    expect(readsBeforeFirstBox(commands)).toBe(1 + 20)
    expect(await outcome.textContent()).toMatch(/^\s*1 of 20 kept: the last save won\s/)
    expect(await boxes.count()).toBe(20)
    let survivor = await kept.textContent()
    let stored = await storedFor(page)
    expect(boxKeys(stored)).toEqual([`box.${parseInt(survivor!)}`])
    expect(stored).toMatchObject({ name: 'Ann', cart: { notebook: 1 } })
    let overflow = await page.locator('html').boundingBox()
    expect(overflow!.width).toBeLessThanOrEqual(width)

    await merge.click()
    expect(await kept.count()).toBe(20)
    stored = await storedFor(page)
    expect(boxKeys(stored)).toHaveLength(20)
    expect(stored).toMatchObject({ name: 'Ann', cart: { notebook: 1 } })
  },
)

test('requests that are fired together wait for the one that is late', async () => {
  let events: string[] = []
  let server = createServer(async (request, response) => {
    let [volley, box] = request.url!.split('/').slice(-2)
    if (box === '20') await wait(100)
    events.push('came')
    await volleys.hold(volley!)
    events.push('went on')
    response.writeHead(204).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  let { port } = server.address() as AddressInfo
  let volleys = createVolleys(() => `http://127.0.0.1:${port}`)

  await volleys.fire('merge', '')
  server.close()
  expect(events).toEqual([...Array(20).fill('came'), ...Array(20).fill('went on')])
})
