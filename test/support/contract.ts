/** What a session storage does, over whichever client and in whichever runtime: throws where it does not. */
import { strict as assert } from 'node:assert'
import type { RedisSessionStorage } from 'remix-session-storage-redis'

export async function checkContract(
  storage: RedisSessionStorage,
  onConflict: 'overwrite' | 'merge',
): Promise<void> {
  let session = await storage.read(null)
  session.set('name', 'Zoë 東京')
  session.flash('message', 'hello')
  let id = await storage.save(session)
  assert.equal(id, session.id)
  let read = await storage.read(id)
  assert.deepEqual([read.id, read.get('name'), read.get('message')], [id, 'Zoë 東京', 'hello'])
  assert.equal(await storage.save(await storage.read('unknown')), null)

  // Requests that overlap.
  let [one, other] = [await storage.read(id), await storage.read(id)]
  one.set('one', 1)
  other.set('other', 2)
  assert.deepEqual([await storage.save(one), await storage.save(other)], [id, id])
  let both = await storage.read(id)
  assert.deepEqual(
    [both.get('one'), both.get('other')],
    [onConflict === 'merge' ? 1 : undefined, 2],
  )

  // A login, and a logout that comes with the id of before it.
  both.regenerateId(true)
  assert.equal(await storage.save(both), both.id)
  assert.equal((await storage.read(both.id)).get('other'), 2)
  let old = await storage.read(id)
  assert.equal(old.size, 0)
  old.destroy()
  assert.equal(await storage.save(old), '')
  assert.equal((await storage.read(both.id)).size, 0)
  one.set('late', true)
  assert.equal(await storage.save(one), null)
  assert.equal((await storage.read(id)).size, 0)

  await Promise.all(Array.from({ length: 50 }, () => checkOrder(storage)))
}

async function checkOrder(storage: RedisSessionStorage): Promise<void> {
  let session = await storage.read(null)
  session.set('filler', 'x'.repeat(20_000))
  let saved = storage.save(session)
  session.destroy()
  await Promise.all([saved, storage.save(session)])
  assert.notEqual((await storage.read(session.id)).id, session.id)
}
