/** What tests of failures look at. */
import type { RedisSessionStorage, RedisSessionStorageError } from 'remix-session-storage-redis'
import { expect } from 'vitest'

/** How much later than its deadline a call may end: the machines of the tests are busy. */
export const SLACK = 700

export interface Failure {
  error: RedisSessionStorageError
  /** How long the call took, in milliseconds. */
  duration: number
}

/** Gives how a call failed, which it has to. */
export async function failure(call: Promise<unknown>): Promise<Failure> {
  let start = performance.now()
  let result = await call.then(
    (value) => ({ value }),
    (error: RedisSessionStorageError) => ({ error }),
  )
  let duration = performance.now() - start
  if (!('error' in result)) throw new Error('The call succeeded, and was to fail')
  expect(result.error).toMatchObject({ name: 'RedisSessionStorageError' })
  return { error: result.error, duration }
}

/** Stores a session with this value, and gives its id. */
export async function stored(storage: RedisSessionStorage, value: unknown): Promise<string> {
  let session = await storage.read(null)
  session.set('value', value)
  expect(await storage.save(session)).toBe(session.id)
  return session.id
}

/** Gives the value of a session as a request that comes now sees it. */
export async function valueOf(storage: RedisSessionStorage, id: string): Promise<unknown> {
  return (await storage.read(id)).get('value')
}
