/** What a read does with a stored value that is not a session. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { backends, native, type OpenStorage } from '../support/backends.ts'
import { messagesOn } from '../support/channel.ts'
import { failure, stored, valueOf } from '../support/failure.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

const ID = 'abcdefgh'
const KEY = `session:${ID}`

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

const values: [what: string, store: () => Promise<unknown>][] = [
  ['not JSON', () => redis.side.set(KEY, '[{"secret":1},{}')],
  ['of another shape', () => redis.side.set(KEY, '{"secret":1}')],
  ['of another type', () => redis.side.hSet(KEY, 'secret', '1')],
  ['over maxBytes', () => redis.side.set(KEY, `[{"secret":"${'x'.repeat(1000)}"},{}]`)],
]

describe.each(backends)('over $name', (backend) => {
  let open: OpenStorage
  beforeEach(() => redis.side.flushAll())
  afterEach(() => open.close())

  test.each(values)('that is %s, fails by default, and names the key', async (_, store) => {
    open = await backend.create(redis, { maxBytes: 900 })
    await store()
    let { error } = await failure(open.storage.read(ID))

    expect(error.code).toBe('CORRUPT')
    expect(error.message).toContain('session:abcd…')
    expect(error.message).not.toMatch(/secret|efgh/)
  })

  test.each(values)('that is %s, can be left for a new session', async (_, store) => {
    open = await backend.create(redis, { maxBytes: 900, onCorrupt: 'discard' })
    await store()
    let before = await redis.side.dump(KEY)
    let heard = messagesOn('discarded')
    let session = await open.storage.read(ID)

    expect(session.id).not.toBe(ID)
    expect(session.size).toBe(0)
    session.set('value', 'new')
    expect(await open.storage.save(session)).toBe(session.id)
    expect(await valueOf(open.storage, session.id)).toBe('new')
    expect(await redis.side.dump(KEY)).toEqual(before)
    expect(heard).toEqual([
      { key: 'session:abcd…', error: expect.objectContaining({ code: 'CORRUPT' }) },
    ])
  })

  test('only what is corrupt is left: other errors are thrown', async () => {
    open = await backend.create(redis, { onCorrupt: 'discard', timeout: 200 })
    let id = await stored(open.storage, 'here')
    await redis.side.clientPause(400)
    let { error } = await failure(open.storage.read(id))

    expect(error.code).toBe('TIMEOUT')
    await redis.side.ping()
  })
})

test('bytes that are not UTF-8 are not replaced by others, over our own connection', async () => {
  let open = await native.create(redis)
  let bytes = Buffer.from('[{"a":"?"},{}]')
  bytes[bytes.indexOf('?')] = 0xff
  await redis.side.set(KEY, bytes)
  let { error } = await failure(open.storage.read(ID))

  expect(error.code).toBe('CORRUPT')
  expect(error.message).toContain('UTF-8')
  await open.close()
})
