/** The demo on a cluster: where the session is, and that it outlives the server that has it. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { startApp, type AppProcess } from '../../demo/app-process.ts'
import { startBrowser } from '../support/browser.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'

let cluster: TestCluster
let app: AppProcess
let browser: Browser

beforeAll(async () => {
  cluster = await startCluster()
  process.env.REDIS_URL = cluster.urls.join(',')
  process.env.SESSION_SECRET = 's3cret'
  app = await startApp(['--cluster'])
  browser = await startBrowser()
})
afterAll(async () => {
  await browser.close()
  expect(await app.stop()).toBe(true)
  await cluster.stop()
})

/** What the panel beside the shop says of the session. */
async function shownIn(page: Page) {
  let panel = page.frameLocator('iframe')
  let [key, server, slot, kill] = await Promise.all(
    ['key', 'server', 'slot', 'kill'].map((name) => panel.locator(`dd.${name}`).textContent()),
  )
  return { key: String(key), server, slot: Number(slot), kill }
}

/** How many pixels of an element are out of sight unless it is scrolled sideways. */
function hiddenBeside({ scrollWidth, clientWidth }: { scrollWidth: number; clientWidth: number }) {
  return scrollWidth - clientWidth
}

async function ownerOf(slot: number) {
  let { port, pid } = await cluster.ownerOf(slot)
  return { server: `127.0.0.1:${port}`, kill: `kill -9 ${pid}` }
}

test.each([1280, 360])('a session is where the page says, %i pixels wide', async (width) => {
  let context = await browser.newContext({
    javaScriptEnabled: false,
    viewport: { width, height: 800 },
  })
  let page = await context.newPage()
  await page.goto(app.url)
  await page.getByRole('button', { name: /add/i }).first().click()
  let shown = await shownIn(page)

  expect(shown.slot).toBe(await cluster.slotOf(shown.key))
  expect(shown).toMatchObject(await ownerOf(shown.slot))
  let parts = [page.locator('html'), page.frameLocator('iframe').locator('html')]
  for (let part of parts) expect(await part.evaluate(hiddenBeside)).toBe(0)
})

test('a visitor goes on clicking when the server that has the session is killed', async () => {
  let context = await browser.newContext({ javaScriptEnabled: false })
  let page = await context.newPage()
  await page.goto(app.url)
  await page.getByRole('button', { name: /add/i }).first().click()
  let { slot, kill } = await shownIn(page)
  let owner = await cluster.ownerOf(slot)
  await cluster.replicaOf(owner)
  await owner.kill()

  await page.getByRole('button', { name: /add/i }).first().click()
  expect(await page.getByText('2 items').count()).toBe(1)
  await page.reload()
  let shown = await shownIn(page)
  expect(shown).toMatchObject({ slot, ...(await ownerOf(slot)) })
  expect(shown.kill).not.toBe(kill)
})
