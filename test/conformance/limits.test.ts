/** What a storage takes no more of, to keep the memory of the process bounded. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { backends, type OpenStorage } from '../support/backends.ts'
import { failure, stored, valueOf } from '../support/failure.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

describe.each(backends)('$name', (backend) => {
  let open: OpenStorage
  beforeEach(async () => {
    await redis.side.flushAll()
    open = await backend.create(redis, { maxBytes: 1000, maxPendingBytes: 5000 })
  })
  afterEach(() => open.close())

  test('refuses to read what is over maxBytes, counted in bytes', async () => {
    let value = 'ü'.repeat(490) + 'x'.repeat(20 - '[{"value":""},{}]'.length)
    await redis.side.set('session:largest', `[{"value":"${value}"},{}]`)
    await redis.side.set('session:larger', `[{"value":"${value}x"},{}]`)

    expect(await valueOf(open.storage, 'largest')).toBe(value)
    let { error } = await failure(open.storage.read('larger'))
    expect(error.code).toBe('CORRUPT')
    expect(error.message).toMatch(/session:larg… has 1001 bytes.*1000/)
  })

  test('refuses a save over maxPendingBytes, and takes it when there is room', async () => {
    let sessions = []
    for (let i = 0; i < 8; i++) {
      let session = await open.storage.read(await stored(open.storage, 'old'))
      session.set('value', 'x'.repeat(900))
      sessions.push(session)
    }
    let results = await Promise.allSettled(sessions.map((session) => open.storage.save(session)))

    let refused = results.filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(3)
    expect(refused[0]).toMatchObject({ reason: { code: 'OVERLOADED' } })
    expect(await open.storage.save(sessions[7]!)).toBe(sessions[7]!.id)
  })
})
