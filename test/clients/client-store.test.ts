/** Over any client, a call keeps its sessions until the client has answered the last command. */
import { createSession } from '@remix-run/session'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { createRedisSessionStorage } from 'remix-session-storage-redis'

import { heldClient } from '../support/held-client.ts'

/** A session that is destroyed under two ids, `old` and a new one. */
function destroyedTwice() {
  let session = createSession('old')
  session.regenerateId(true)
  session.destroy()
  return session
}

test('a read waits for both halves of a logout, though the first one has failed', async () => {
  let { client, sent, answers } = heldClient()
  let storage = createRedisSessionStorage({ client })
  let session = destroyedTwice()
  let logout = storage.save(session)
  let read = storage.read('old')
  await setImmediate()
  answers.get(`del ${session.id}`)!.reject(new Error('ERR failed'))
  await setImmediate()
  expect(sent).toEqual([`del ${session.id}`, 'del old'])

  answers.get('del old')!.resolve(1)
  await expect(logout).rejects.toMatchObject({ code: 'REDIS', reply: 'ERR' })
  await setImmediate()
  answers.get('get old')!.resolve(null)
  expect((await read).size).toBe(0)
})

test('a read waits for a logout that was given up, as long as that is under way', async () => {
  let { client, sent, answers } = heldClient()
  let storage = createRedisSessionStorage({ client, timeout: 50 })
  let session = destroyedTwice()
  await expect(storage.save(session)).rejects.toMatchObject({ code: 'TIMEOUT' })
  let read = storage.read('old')
  await setImmediate()
  expect(sent).not.toContain('get old')

  answers.get(`del ${session.id}`)!.resolve(1)
  answers.get('del old')!.resolve(1)
  await setImmediate()
  answers.get('get old')!.resolve(null)
  expect((await read).size).toBe(0)
})

test('a save that was given up while it waited is not kept in memory', async () => {
  let { client, sent, answers } = heldClient()
  let storage = createRedisSessionStorage({ client, timeout: 50 })
  let logout = destroyedTwice()
  let ended = storage.save(logout).catch(() => {})

  async function saveInVain(): Promise<WeakRef<object>> {
    let session = createSession('old')
    session.set('value', 'x'.repeat(1000))
    await storage.save(session).catch(() => {})
    return new WeakRef(session)
  }
  let session = await saveInVain()
  await ended
  await setImmediate()
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  expect(session.deref()).toBe(undefined)

  answers.get(`del ${logout.id}`)!.resolve(1)
  answers.get('del old')!.resolve(1)
  await setImmediate()
  expect(sent).toHaveLength(2)
})
