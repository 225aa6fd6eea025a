/** How a storage gets along with the process that it lives in, on every Node that is at hand. */
import { execFileSync } from 'node:child_process'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { startRedis, type TestRedis } from '../support/redis.ts'
import { runScript } from '../support/script.ts'

/** A process that ends by itself does so within this many milliseconds of its last words. */
const AT_ONCE = 1500

interface Node {
  version: string
  path: string
}

/** The Node that runs the tests, and the system's, if that is another one that we support. */
function nodes(): Node[] {
  let found = [{ version: process.version, path: process.execPath }]
  try {
    let options = { env: { PATH: '/usr/local/bin:/usr/bin' }, encoding: 'utf8' } as const
    let print = 'process.version + " " + process.execPath'
    let [version, path] = execFileSync('/usr/bin/env', ['node', '-p', print], options).split(' ')
    let major = Number(/^v(\d+)/.exec(version!)?.[1])
    if (version !== process.version && major >= 20) {
      found.push({ version: version!, path: path!.trim() })
    }
  } catch {
    // There is no other.
  }
  return found
}

describe.each(nodes())('Node $version', (node) => {
  let redis: TestRedis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  /** Runs a script that ends by itself, and complains about nothing. It knows `url`. */
  async function run(script: string) {
    let { errors, ...rest } = await runScript(script, {
      values: { url: redis.url },
      node: node.path,
    })
    expect(errors).toBe('')
    return rest
  }

  test('a storage that was never used lets the process end', async () => {
    let { end, output, after } = await run(`
      createRedisSessionStorage({ url })
      console.log('created')
    `)

    expect({ end, output }).toEqual({ end: 0, output: 'created' })
    expect(after).toBeLessThan(AT_ONCE)
  })

  test('a storage that is connected and idle lets the process end', async () => {
    let { end, output, after } = await run(`
      let storage = createRedisSessionStorage({ url, connections: 4 })
      let session = await storage.read(null)
      session.set('value', 'here')
      await storage.save(session)
      console.log((await storage.read(session.id)).get('value'))
    `)

    expect({ end, output }).toEqual({ end: 0, output: 'here' })
    expect(after).toBeLessThan(AT_ONCE)
  })

  test('a read that nobody awaits keeps the process alive until it is answered', async () => {
    let { end, output } = await run(`
      let storage = createRedisSessionStorage({ url })
      await storage.connect()
      storage.read('some-id').then(({ size }) => console.log('answered', size))
    `)

    expect({ end, output }).toEqual({ end: 0, output: 'answered 0' })
  })

  test('a read from a Redis that hangs keeps the process alive until its deadline', async () => {
    let { end, output, after } = await run(`
      let storage = createRedisSessionStorage({ url, timeout: 500 })
      await storage.connect()
      process.kill(${redis.pid}, 'SIGSTOP')
      storage.read('some-id').catch(({ code }) => console.log(code))
    `).finally(() => process.kill(redis.pid, 'SIGCONT'))

    expect({ end, output }).toEqual({ end: 0, output: 'TIMEOUT' })
    expect(after).toBeLessThan(AT_ONCE)
  })

  test('a read that waits for a connection keeps the process alive until its deadline', async () => {
    let { end, output, after } = await run(`
      let storage = createRedisSessionStorage({ url: 'redis://127.0.0.1:1', timeout: 500 })
      storage.read('some-id').catch(({ code }) => console.log(code))
    `)

    expect({ end, output }).toEqual({ end: 0, output: 'CONNECT' })
    expect(after).toBeLessThan(AT_ONCE)
  })

  test('a closed storage lets the process end, and so does process.exit() with reads pending', async () => {
    let closed = await run(`
      let storage = createRedisSessionStorage({ url })
      await storage.connect()
      await storage.close()
      console.log('closed')
    `)
    expect(closed).toMatchObject({ end: 0, output: 'closed' })
    expect(closed.after).toBeLessThan(AT_ONCE)

    let exited = await run(`
      let storage = createRedisSessionStorage({ url })
      await storage.connect()
      for (let i = 0; i < 1000; i++) storage.read('id-' + i)
      console.log('exiting')
      setImmediate(() => process.exit(7))
    `)
    expect(exited).toMatchObject({ end: 7, output: 'exiting' })
    expect(exited.after).toBeLessThan(AT_ONCE)
  })

  describe('the native addon', () => {
    const isLoaded = `
      process.report.excludeNetwork = true
      let isLoaded = () => process.report.getReport().sharedObjects
        .some((file) => file.includes('session-store') && file.endsWith('.node'))
    `

    test('is not opened by an app that passes a client', async () => {
      let { end, output } = await run(`
        import { createClient } from 'redis'
        ${isLoaded}
        let client = await createClient({ url }).connect()
        let storage = createRedisSessionStorage({ client })
        let session = await storage.read(null)
        session.set('value', 'here')
        await storage.save(session)
        await storage.close()
        console.log((await createRedisSessionStorage(client).read(session.id)).size, isLoaded())
        client.destroy()
      `)

      expect({ end, output }).toEqual({ end: 0, output: '1 false' })
    })

    test('is opened by an app that passes a URL', async () => {
      let { end, output } = await run(`
        ${isLoaded}
        let before = isLoaded()
        createRedisSessionStorage({ url })
        console.log(before, isLoaded())
      `)

      expect({ end, output }).toEqual({ end: 0, output: 'false true' })
    })
  })

  test('AsyncLocalStorage has its store after read and save', async () => {
    let { end, output } = await run(`
      import { AsyncLocalStorage } from 'node:async_hooks'
      let context = new AsyncLocalStorage()
      let storage = createRedisSessionStorage({ url })
      let lost = 0
      let check = (request) => { if (context.getStore() !== request) lost++ }
      let request = (_, i) => context.run(i, async () => {
        let session = await storage.read('unknown')
        check(i)
        session.set('value', i)
        // Not only behind an await: callbacks are called in the context of their request, too.
        await new Promise((resolve) => storage.save(session).then(() => { check(i); resolve() }))
        check(i)
        await storage.read(session.id).finally(() => check(i))
        check(i)
      })
      await Promise.all(Array.from({ length: 200 }, request))
      console.log('lost', lost)
    `)

    expect({ end, output }).toEqual({ end: 0, output: 'lost 0' })
  })
})
