/** One session object that two storages keep, as when an app moves from one Redis to another. */
import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'

import { startRedis, type TestRedis } from '../support/redis.ts'

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

function open(prefix: string) {
  let storage = createRedisSessionStorage({ url: redis.url, prefix })
  onTestFinished(() => storage.close())
  return storage
}

test('a session that was destroyed in one stays destroyed there, though the other has it', async () => {
  let [one, other] = [open('one:'), open('other:')]
  let session = await one.read(null)
  session.set('value', 1)
  let id = await one.save(session)

  let read = await one.read(id)
  let leaving = await one.read(id)
  leaving.destroy()
  expect(await one.save(leaving)).toBe('')
  read.set('value', 2)
  expect(await other.save(read)).toBe(id)
  expect(await one.save(read)).toBe(null)
  expect(await redis.side.exists(`one:${id}`)).toBe(0)
  expect(await other.save(read)).toBe(id)
})
