/** What a client fails with may be anything; the request and `close()` end all the same. */
import { inspect } from 'node:util'
import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { expect, test } from 'vitest'

import { failure } from '../support/failure.ts'

function revoked() {
  let { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const ID = 'a1b2c3d4-e5f6'

function errorWith(properties: object) {
  return Object.assign(new Error('a message'), properties)
}

test.each<[string, unknown]>([
  ['no prototype', Object.create(null)],
  [
    'a toString that throws',
    {
      toString() {
        throw new Error('no')
      },
    },
  ],
  ['a message that is a number', errorWith({ message: 7 })],
  ['a message that is an object', errorWith({ message: {} })],
  ['no stack', errorWith({ stack: null })],
  ['a stack of call sites', errorWith({ stack: [] })],
  [
    'a message that cannot be read',
    Object.defineProperty(new Error('a message'), 'message', {
      get() {
        throw new Error('no')
      },
    }),
  ],
  ['a proxy that was revoked', revoked()],
  ['nothing', undefined],
])('a rejection with %s', async (_, reason) => {
  let client = { get: () => Promise.reject(reason), set: () => 'OK', del: () => 1, expire: () => 1 }
  let storage = createRedisSessionStorage({ client, timeout: 1000 })

  let { error } = await failure(storage.read(ID))
  expect(error.code).toBe('DISCONNECTED')
  expect(error.cause).toBeInstanceOf(Error)
  await storage.close()
})

test('an id is shown neither by a name, nor by a code, nor by a message like a stack', async () => {
  let reason = errorWith({
    message: `no\n    at ${ID}\nredis://ann:hunter2/x@host /s?pass=hunter2 [{"card":4111}]`,
    name: ID,
    code: ID.toUpperCase(),
  })
  let client = { get: () => Promise.reject(reason), set: () => 'OK', del: () => 1, expire: () => 1 }
  let storage = createRedisSessionStorage({ client })

  let { error } = await failure(storage.read(ID))
  let printed = `${inspect(error, { showHidden: true })} ${error.stack} ${(error.cause as Error).stack}`
  expect(printed.toLowerCase()).not.toContain(ID)
  expect(printed).not.toMatch(/4111|hunter2/)
})
