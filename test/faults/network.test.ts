/** What users see of a network that cuts, swallows or delays what is on its way. */
import { createRedisSessionStorage, type SessionOptions } from 'remix-session-storage-redis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'

import { failure, SLACK, stored, valueOf } from '../support/failure.ts'
import { startProxy, type Proxy } from '../support/proxy.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

const TIMEOUT = 300
const LONG = 10_000

let redis: TestRedis
let proxy: Proxy
let opened: ReturnType<typeof createRedisSessionStorage>[] = []

beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())
beforeEach(async () => {
  proxy = await startProxy(redis)
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((storage) => storage.close()))
  await proxy.stop()
})

function open(timeout: number, options?: SessionOptions) {
  let storage = createRedisSessionStorage({ url: proxy.url, timeout, ...options })
  opened.push(storage)
  return storage
}

test('cut between two requests: the second does not notice', async () => {
  let storage = open(LONG)
  let id = await stored(storage, 'here')
  proxy.cut()

  expect(await valueOf(storage, id)).toBe('here')
  expect(proxy.connections).toBe(2)
})

test('cut with a read in flight: the read is sent again', async () => {
  let storage = open(LONG)
  let id = await stored(storage, 'here')
  proxy.hold()
  let answered = proxy.held('client')
  let read = valueOf(storage, id)
  await answered
  proxy.cut()

  expect(await read).toBe('here')
})

test('cut with a write in flight: the write fails rather than overwrite a newer one', async () => {
  let storage = open(LONG, { onConflict: 'overwrite' })
  let id = await stored(storage, 'old')
  let session = await storage.read(id)
  session.set('value', 'new')
  proxy.hold()
  let onTheWay = proxy.held('client')
  let write = failure(storage.save(session))
  await onTheWay
  proxy.cut()

  let { error } = await write
  expect(error.code).toBe('DISCONNECTED')
  expect(error.message).toContain(`127.0.0.1:${proxy.port}`)
  expect(await valueOf(storage, id)).toBe('old')
  // The request may try again.
  expect(await storage.save(session)).toBe(id)
  expect(await valueOf(storage, id)).toBe('new')
})

test('cut with a logout in flight: it is still carried out', async () => {
  let storage = open(LONG)
  let id = await stored(storage, 'here')
  let session = await storage.read(id)
  session.destroy()
  proxy.hold()
  let onTheWay = proxy.held('client')
  let saved = storage.save(session)
  await onTheWay
  proxy.cut()

  expect(await saved).toBe('')
  expect(await redis.side.exists(`session:${id}`)).toBe(0)
})

test.each([0, 1, 4, 5, 50, 500, 1000])(
  'cut after %i bytes of a reply: the read is sent again, and gets the whole session',
  async (bytes) => {
    let storage = open(LONG)
    let id = await stored(storage, 'x'.repeat(1000))
    proxy.cutAfter(bytes)

    expect(await valueOf(storage, id)).toBe('x'.repeat(1000))
    expect(proxy.connections).toBe(2)
  },
)

test('cut in the middle of a regenerated id: the session is there under one of the two', async () => {
  let storage = open(LONG)
  // The replies are `:1`, `+OK`, `:1`, each with its line end.
  for (let bytes = 0; bytes <= 13; bytes++) {
    let id = await stored(storage, bytes)
    let session = await storage.read(id)
    session.regenerateId(true)
    proxy.cutAfter(bytes)
    await storage.save(session).catch(() => {})
    proxy.cutAfter(Infinity)

    let values = [await valueOf(storage, id), await valueOf(storage, session.id)]
    expect(values).toContain(bytes)
  }
})

test('swallowed: requests time out, then a new connection is made and works', async () => {
  let storage = open(TIMEOUT)
  let id = await stored(storage, 'here')
  let session = await storage.read(id)
  session.set('value', 'changed')
  proxy.hold()
  let [read, write] = await Promise.all([failure(storage.read(id)), failure(storage.save(session))])

  for (let { error, duration } of [read, write]) {
    expect(error.code).toBe('TIMEOUT')
    expect(error.message).toContain(`127.0.0.1:${proxy.port}`)
    expect(duration).toBeGreaterThanOrEqual(TIMEOUT - 5)
    expect(duration).toBeLessThan(TIMEOUT + SLACK)
  }
  expect(await valueOf(storage, id)).toBe('here')
  expect(proxy.connections).toBe(2)
})

test('swallowed, new connections too: it works again once they get through', async () => {
  let storage = open(TIMEOUT)
  let id = await stored(storage, 'here')
  proxy.hold(true)
  expect((await failure(storage.read(id))).error.code).toBe('TIMEOUT')
  let { error, duration } = await failure(storage.read(id))

  expect(error.code).toBe('CONNECT')
  expect(duration).toBeLessThan(TIMEOUT + SLACK)
  await proxy.release()
  expect(await valueOf(storage, id)).toBe('here')
})

test('swallowed: a write that timed out does not come through later', async () => {
  let storage = open(TIMEOUT)
  let id = await stored(storage, 'first')
  let session = await storage.read(id)
  session.set('value', 'second')
  proxy.hold()
  await failure(storage.save(session))
  session.set('value', 'third')
  await storage.save(session)
  await proxy.release()

  expect(await valueOf(storage, id)).toBe('third')
  expect(await redis.side.get(`session:${id}`)).toContain('third')
})

test('delayed beyond the deadline: the reply does not reach a later request', async () => {
  // Long enough for the first byte to come through on a busy machine.
  let storage = open(1000)
  let big = await stored(storage, 'x'.repeat(1000))
  let ids = await Promise.all(['a', 'b', 'c'].map((value) => stored(storage, value)))
  for (let bytes of [1, 6, 500, 1000]) {
    // Something has come, so the connection is not given up with the request.
    proxy.holdAfter(bytes)
    expect((await failure(storage.read(big))).error.code).toBe('TIMEOUT')

    expect(proxy.connections).toBe(1)
    let onTheWay = proxy.held('client')
    let values = Promise.all(ids.map((id) => valueOf(storage, id)))
    await Promise.race([onTheWay, values])
    await proxy.release()
    expect(await values).toEqual(['a', 'b', 'c'])
  }
  expect(proxy.connections).toBe(1)
})

test('nobody there, and there again: the next request works', async () => {
  let storage = open(TIMEOUT)
  let id = await stored(storage, 'here')
  await proxy.refuse()
  let { error } = await failure(storage.read(id))
  expect(error.code).toBe('CONNECT')
  expect(error.message).toContain('refused')
  await proxy.accept()

  expect(await valueOf(storage, id)).toBe('here')
})
