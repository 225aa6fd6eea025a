/** What users see of a client of theirs that fails. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createRedisSessionStorage, type SessionOptions } from 'remix-session-storage-redis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { clients } from '../support/clients.ts'
import { failure, SLACK, stored, valueOf } from '../support/failure.ts'
import type { OpenClient } from '../support/open-client.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

/** Of storages whose requests are to be given up. */
const TIMEOUT = 300
/** Of those whose requests are to be answered: the machines are busy. */
const PATIENCE = 10_000

// Some clients side by side, because the tests of each mostly wait for time to pass.
describe.each(groupsOf(4, clients))('%#', (...group) => {
  describe.concurrent.for(group)('a client of $name', (client) => {
    describe('alone with its server', { concurrent: false }, () => {
      testsOf(client)
    })
  })
})

function groupsOf<Item>(size: number, items: Item[]): Item[][] {
  let groups = Math.ceil(items.length / size)
  return Array.from({ length: groups }, (_, i) => items.slice(i * size, (i + 1) * size))
}

function testsOf({ open: openClient, keepsQueue }: (typeof clients)[number]): void {
  let redis: TestRedis
  let open: OpenClient
  let storage: ReturnType<typeof createRedisSessionStorage>

  // Once, and anew only where a test is about that: a node of a cluster takes requests only two seconds after its start.
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  beforeEach(async () => {
    open = await openClient(redis)
    storage = create(PATIENCE)
  })
  afterEach(() => open.close())

  function create(timeout: number, options?: SessionOptions) {
    return createRedisSessionStorage({ client: open.client, timeout, ...options })
  }

  test('that hangs: every request ends at its deadline, and later ones work', async () => {
    let id = await stored(storage, 'here')
    let impatient = create(TIMEOUT)
    let changed = await storage.read(id)
    changed.set('value', 'changed')
    let regenerated = await storage.read(id)
    regenerated.regenerateId(true)

    process.kill(redis.pid, 'SIGSTOP')
    let failures = await Promise.all([
      failure(impatient.read(id)),
      failure(impatient.save(changed)),
      failure(impatient.save(regenerated)),
      failure(impatient.ping()),
    ])
    for (let { error, duration } of failures) {
      expect(error.code).toBe('TIMEOUT')
      // It had begun before the time was taken.
      expect(duration).toBeGreaterThanOrEqual(TIMEOUT - 50)
      expect(duration).toBeLessThan(TIMEOUT + SLACK)
    }
    process.kill(redis.pid, 'SIGCONT')

    expect(await valueOf(storage, await stored(storage, 'later'))).toBe('later')
  })

  test('that hangs takes no more than maxPending requests', async () => {
    let busy = create(TIMEOUT, { maxPending: 5 })
    process.kill(redis.pid, 'SIGSTOP')
    let calls = Array.from({ length: 7 }, (_, i) => failure(busy.read(`id-${i}`)))
    let codes = (await Promise.all(calls)).map(({ error }) => error.code)

    expect(codes.filter((code) => code === 'TIMEOUT')).toHaveLength(5)
    expect(codes.filter((code) => code === 'OVERLOADED')).toHaveLength(2)
    process.kill(redis.pid, 'SIGCONT')
    await storage.ping()
  })

  test('that was closed: requests fail at once, and say why', async () => {
    let id = await stored(storage, 'here')
    let session = await storage.read(id)
    session.set('value', 'changed')
    open.close()

    for (let call of [() => storage.read(id), () => storage.save(session)]) {
      let { error, duration } = await failure(call())
      expect(error.code).toBe('DISCONNECTED')
      expect(error.cause).toBeInstanceOf(Error)
      expect(error.message).toContain((error.cause as Error).message)
      expect(duration).toBeLessThan(TIMEOUT)
    }
  })

  test('whose server says no: requests fail with the code of the reply', async () => {
    let id = await stored(storage, 'old')
    let session = await storage.read(id)
    session.set('card', 'secret-4111')
    session.regenerateId(true)
    await redis.side.configSet('maxmemory', '1')

    let { error } = await failure(storage.save(session))
    expect(error).toMatchObject({ code: 'REDIS', reply: 'OOM' })
    let printed = `${error.stack} ${(error.cause as Error).stack}`
    expect(printed).not.toMatch(/4111/)
    expect(printed).not.toContain(session.id)
    expect(await valueOf(storage, id)).toBe('old')
    await redis.side.configSet('maxmemory', '0')
    expect(await storage.save(session)).toBe(session.id)

    await redis.side.lPush('session:list', 'x')
    let wrongType = await failure(storage.read('list'))
    expect(wrongType.error).toMatchObject({ code: 'CORRUPT' })
  })

  test('whose server was restarted: works once the client has connected again', async () => {
    await stored(storage, 'before')
    await redis.stop()
    redis = await startRedis({ port: redis.port })
    // The client may not have noticed yet, and fail what it sends to the server that is gone.
    await storage.ping().catch(() => {})

    expect(await valueOf(storage, await stored(storage, 'after'))).toBe('after')
  })

  if (keepsQueue) return

  test('that is not connected: what nobody waits for is not sent later', async () => {
    let session = await storage.read(await stored(storage, 'old'))
    await redis.stop()
    let impatient = create(TIMEOUT)
    // The client may not have noticed yet.
    await impatient.ping().catch(() => {})
    let unsaved = await storage.read(null)
    for (let each of [session, unsaved]) {
      each.set('value', 'never')
      await failure(impatient.save(each))
    }

    redis = await startRedis({ port: redis.port })
    await redis.side.set(`session:${session.id}`, '[{"value":"newer"},{}]')
    expect(await valueOf(storage, session.id)).toBe('newer')
    let saves = await Promise.all(['a', 'b', 'c'].map((value) => stored(storage, value)))
    expect(await valueOf(storage, saves[2]!)).toBe('c')
    await sleep(TIMEOUT)
    expect(await valueOf(storage, session.id)).toBe('newer')
    expect(await valueOf(storage, unsaved.id)).toBe(undefined)
  })
}
