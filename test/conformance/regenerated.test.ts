/** A session whose id was regenerated may be saved again, whatever became of the first save. */
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
    open = await backend.create(redis)
  })
  afterEach(() => open.close())

  /** A session that was read under `oldId`, and is to be saved under an id that replaces it. */
  async function regenerated() {
    let oldId = await stored(open.storage, 'old')
    let session = await open.storage.read(oldId)
    session.regenerateId(true)
    session.set('value', 'first')
    return { session, oldId }
  }

  /** Saves so that the new id is written, and the old one cannot be deleted. */
  async function saveByHalves(session: Awaited<ReturnType<typeof regenerated>>['session']) {
    await redis.side.sendCommand(['ACL', 'SETUSER', 'default', '-del'])
    try {
      let { error } = await failure(open.storage.save(session))
      expect(error).toMatchObject({ code: 'REDIS', reply: 'NOPERM' })
    } finally {
      await redis.side.sendCommand(['ACL', 'SETUSER', 'default', '+@all'])
    }
    expect(await redis.side.exists(`session:${session.id}`)).toBe(1)
  }

  async function logOut(id: string) {
    let session = await open.storage.read(id)
    session.destroy()
    await open.storage.save(session)
  }

  test('by two saves at once: the later values are stored', async () => {
    let { session } = await regenerated()
    let first = open.storage.save(session)
    session.set('value', 'second')
    let second = open.storage.save(session)

    expect([await first, await second]).toEqual([session.id, session.id])
    expect(await redis.sessionIds()).toEqual([session.id])
    expect(await valueOf(open.storage, session.id)).toBe('second')
  })

  test.each([
    ['is still there', false],
    ['is gone all the same', true],
  ])('after a save that could not delete the old session, which %s', async (_, isGone) => {
    let { session, oldId } = await regenerated()
    await saveByHalves(session)
    if (isGone) await redis.side.del(`session:${oldId}`)
    session.set('value', 'second')

    expect(await open.storage.save(session)).toBe(session.id)
    expect(await redis.sessionIds()).toEqual([session.id])
    expect(await valueOf(open.storage, session.id)).toBe('second')
  })

  test('but stays gone when it was destroyed after the save', async () => {
    let { session, oldId } = await regenerated()
    await saveByHalves(session)
    await logOut(oldId)
    // Without marks, nothing leads from the old id to the new one.
    if (!backend.isAtomic) await redis.side.del(`session:${session.id}`)
    session.set('value', 'second')

    expect(await open.storage.save(session)).toBe(null)
    expect(await redis.sessionIds()).toEqual([])
  })

  test('but not after a logout whose mark cannot be read, because too many others are there', async () => {
    await open.close()
    open = await backend.create(redis, { maxBytes: 300 })
    let id = await stored(open.storage, 'old')
    let late = await open.storage.read(id)
    for (let login = 0; login < 20; login++) {
      let session = await open.storage.read(id)
      session.regenerateId(false)
      await open.storage.save(session)
    }
    await logOut(id)
    late.regenerateId(true)

    expect(await open.storage.save(late)).toBe(null)
  })
})
