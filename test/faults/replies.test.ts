/** What users see when Redis says no. */
import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { failure, SLACK, stored, valueOf } from '../support/failure.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

let redis: TestRedis
let opened: ReturnType<typeof createRedisSessionStorage>[] = []

beforeEach(async () => {
  redis = await startRedis()
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((storage) => storage.close()))
  await redis.stop()
})

/** With a deadline that no error reply has to wait for. */
function open(user = '') {
  let url = `redis://${user}127.0.0.1:${redis.port}`
  let storage = createRedisSessionStorage({ url, timeout: 5000 })
  opened.push(storage)
  return storage
}

async function expectRefused(call: Promise<unknown>, reply: string) {
  let { error, duration } = await failure(call)
  expect(error.code).toBe('REDIS')
  expect(error.reply).toBe(reply)
  expect(error.message).toContain(`127.0.0.1:${redis.port}`)
  expect(error.message).toContain(reply)
  expect(duration).toBeLessThan(SLACK)
}

describe('out of memory', () => {
  test('a session can be read, but not changed, until there is room', async () => {
    let storage = open()
    let id = await stored(storage, 'old')
    let session = await storage.read(id)
    session.set('value', 'new')
    await redis.side.configSet('maxmemory', '1')

    await expectRefused(storage.save(session), 'OOM')
    expect(await valueOf(storage, id)).toBe('old')
    await redis.side.configSet('maxmemory', '0')
    expect(await storage.save(session)).toBe(id)
    expect(await valueOf(storage, id)).toBe('new')
  })

  test.each([true, false])(
    'a session whose id cannot be regenerated is still there (old one deleted: %s)',
    async (deleteOld) => {
      let storage = open()
      let id = await stored(storage, 'old')
      let session = await storage.read(id)
      session.regenerateId(deleteOld)
      await redis.side.configSet('maxmemory', '1')

      await expectRefused(storage.save(session), 'OOM')
      expect(await valueOf(storage, id)).toBe('old')
      await redis.side.configSet('maxmemory', '0')
      expect(await storage.save(session)).toBe(session.id)
      expect(await valueOf(storage, session.id)).toBe('old')
      expect(await redis.side.exists(`session:${id}`)).toBe(deleteOld ? 0 : 1)
    },
  )

  test('a session can be destroyed', async () => {
    let storage = open()
    let session = await storage.read(await stored(storage, 'here'))
    session.destroy()
    await redis.side.configSet('maxmemory', '1')

    expect(await storage.save(session)).toBe('')
    expect(await redis.sessionIds()).toEqual([])
  })
})

test('on a read-only replica, writes fail until it is a primary again, and reads do not', async () => {
  let storage = open()
  let id = await stored(storage, 'old')
  let session = await storage.read(id)
  session.set('value', 'new')
  let destroyed = await storage.read(id)
  destroyed.destroy()
  await redis.side.sendCommand(['REPLICAOF', '127.0.0.1', '1'])

  await expectRefused(storage.save(session), 'READONLY')
  await expectRefused(storage.save(destroyed), 'READONLY')
  // A read refreshes the TTL, which is a write; but a visitor who only reads must not notice.
  expect(await valueOf(storage, id)).toBe('old')
  await storage.save(await storage.read(id))
  await redis.side.sendCommand(['REPLICAOF', 'NO', 'ONE'])
  expect(await valueOf(storage, id)).toBe('old')
  expect(await storage.save(session)).toBe(id)
})

describe('a user who may not do everything', () => {
  const COMMANDS = '+getex +get +set +del +expire +append +eval +evalsha +getrange +rename'.split(
    ' ',
  )

  async function openAs(...rules: string[]) {
    await redis.side.aclSetUser('app', ['reset', 'on', '>app-password', ...rules])
    return open('app:app-password@')
  }

  test('can do with the commands that the README names', async () => {
    let storage = await openAs('~session:*', ...COMMANDS)
    let id = await stored(storage, 'here')
    let session = await storage.read(id)
    session.regenerateId(true)
    expect(await storage.save(session)).toBe(session.id)
    let slow = await storage.read(session.id)
    await new Promise((resolve) => setTimeout(resolve, 1050))
    expect(await storage.save(slow)).toBe(null)
    slow.destroy()

    expect(await storage.save(slow)).toBe('')
    expect(await redis.sessionIds()).toEqual([])
  })

  test('is told what is missing, without the password', async () => {
    let storage = await openAs('~session:*', '+getex')
    let session = await storage.read(null)
    session.set('value', 'here')

    await expectRefused(storage.save(session), 'NOPERM')
    expect(String((await failure(storage.save(session))).error)).not.toContain('app-password')
    await openAs('~session:*', ...COMMANDS)
    expect(await storage.save(session)).toBe(session.id)
  })

  test('is refused other keys', async () => {
    let storage = await openAs('~elsewhere:*', ...COMMANDS)

    await expectRefused(storage.read('some-id'), 'NOPERM')
  })

  test('keeps the old session when the new one of a regenerated id is refused', async () => {
    let storage = await openAs('~session:*', ...COMMANDS)
    let id = await stored(storage, 'here')
    let session = await storage.read(id)
    session.regenerateId(true)
    await redis.side.aclSetUser('app', ['-set'])

    await expectRefused(storage.save(session), 'NOPERM')
    expect(await valueOf(storage, id)).toBe('here')
  })

  test('who is removed is told so by every request that follows', async () => {
    let storage = await openAs('~session:*', ...COMMANDS)
    await stored(storage, 'here')
    await redis.side.aclDelUser('app')

    let { error, duration } = await failure(storage.read('some-id'))
    expect(error.code).toBe('CONNECT')
    expect(error.message).toContain('WRONGPASS')
    expect(error.message).not.toContain('app-password')
    expect(duration).toBeLessThan(SLACK)
  })
})

test('one request that is refused does not disturb those around it', async () => {
  let storage = open()
  let ids = await Promise.all([1, 2, 3].map((value) => stored(storage, value)))
  await redis.side.lPush('session:list', 'x')
  let calls = ids.flatMap((id) => [
    valueOf(storage, id),
    failure(storage.read('list')).then(({ error }) => error.code),
  ])

  expect(await Promise.all(calls)).toEqual([1, 'CORRUPT', 2, 'CORRUPT', 3, 'CORRUPT'])
})
