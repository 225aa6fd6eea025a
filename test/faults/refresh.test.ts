/** A session that did not change is refreshed as it is saved, and that may fail: it is a courtesy. */
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { backends, type OpenStorage } from '../support/backends.ts'
import { failure, stored, valueOf } from '../support/failure.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

const tested = new Set(['url', 'node-redis', 'ioredis', 'minimal client with setEx and expire'])

describe.each(backends.filter(({ name }) => tested.has(name)))('over $name', (backend) => {
  let redis: TestRedis
  let open: OpenStorage
  beforeEach(async () => {
    redis = await startRedis()
    open = await backend.create(redis, { timeout: 300 })
  })
  afterEach(async () => {
    await open.close()
    await redis.stop()
  })

  /** Reads a session, and lets it get so old that a save refreshes it. */
  async function agedSession() {
    let session = await open.storage.read(await stored(open.storage, 'here'))
    await setTimeout(1050)
    return session
  }

  test.each([
    ['is a read-only replica', ['REPLICAOF', '127.0.0.1', '1']],
    ['has too few replicas', ['CONFIG', 'SET', 'min-replicas-to-write', '1']],
  ])('where Redis %s, an unchanged session is saved all the same', async (_, command) => {
    let session = await agedSession()
    await redis.side.sendCommand(command)

    expect(await open.storage.save(session)).toBe(null)
  })

  test('where Redis does not answer, an unchanged session is saved after the deadline', async () => {
    let session = await agedSession()
    process.kill(redis.pid, 'SIGSTOP')

    expect(await open.storage.save(session)).toBe(null)
    process.kill(redis.pid, 'SIGCONT')
    await open.storage.ping()
    expect(await valueOf(open.storage, session.id)).toBe('here')
  })

  test('where the storage was closed, saving an unchanged session says so', async () => {
    let session = await agedSession()
    await open.storage.close()

    expect((await failure(open.storage.save(session))).error.code).toBe('CLOSED')
  })
})
