/**
 * A session that has two ids, because a request has added one, and a login that replaces the first of them
 * while somebody logs out with the second.
 */
import type { Session } from '@remix-run/session'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { native, type OpenStorage } from '../support/backends.ts'
import { stored } from '../support/failure.ts'
import { startGate, type Gate } from '../support/overlap-model/gate.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

describe.each(['merge', 'overwrite'] as const)('with $0', (onConflict) => {
  let redis: TestRedis
  let gate: Gate
  /** The storage that the login comes to, behind the gate, and that of all other requests. */
  let slow: OpenStorage
  let other: OpenStorage
  beforeAll(async () => {
    redis = await startRedis()
    gate = await startGate(redis, 'the login')
    slow = await native.create({ ...redis, port: gate.port, url: gate.url }, { onConflict })
    other = await native.create(redis, { onConflict })
  })
  afterAll(async () => {
    await slow.close()
    await other.close()
    await gate.stop()
    await redis.stop()
  })

  /** Stores a session under two ids, and reads the first of them as the request does that logs in. */
  async function twoIds(): Promise<{ login: Session; added: string }> {
    let id = await stored(other.storage, 'here')
    let login = await slow.storage.read(id)
    let session = await other.storage.read(id)
    session.regenerateId()
    expect(await other.storage.save(session)).toBe(session.id)
    return { login, added: session.id }
  }

  async function logOut(id: string): Promise<void> {
    let session = await other.storage.read(id)
    session.destroy()
    expect(await other.storage.save(session)).toBe('')
  }

  /** Has so many commands and replies of the login pass, and then does something before the next one does. */
  function actAfter(passing: number, act: () => Promise<unknown>): { hasActed(): boolean } {
    let acted: Promise<unknown> | undefined
    gate.hold({
      async schedule(frame) {
        if (passing-- <= 0) await (acted ??= act())
        return frame
      },
    })
    return { hasActed: () => acted !== undefined }
  }

  test('the login is refused until it is over, and the old session is gone all the same', async () => {
    let [refused, over] = [0, 0]
    for (let passing = 0; ; passing++) {
      await redis.side.flushAll()
      let { login, added } = await twoIds()
      login.regenerateId(true)
      login.set('user', 'ann')
      let { hasActed } = actAfter(passing, () => logOut(added))
      let result = await slow.storage.save(login)
      gate.open()
      if (!hasActed()) break

      if (result === null) refused++
      else over++
      expect(result).toBe(over === 0 ? null : login.id)
      expect(await redis.sessionIds()).toEqual(over === 0 ? [] : [login.id])
    }
    expect(refused).toBeGreaterThan(0)
    expect(over).toBeGreaterThan(0)
  })
})
