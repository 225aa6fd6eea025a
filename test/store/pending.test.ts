/** What is pending is bounded, in calls and in bytes. */
import { expect, test } from 'vitest'

import { Pending } from '../../src/lib/store/pending.ts'

test('refuses a call more than maxPending, until one has ended', () => {
  let pending = new Pending({ maxPending: 2, maxPendingBytes: 1000 })
  expect(pending.admit(1)).toBe(undefined)
  expect(pending.admit(1)).toBe(undefined)
  expect(pending.admit(1)).toMatchObject({ code: 'OVERLOADED' })
  expect(pending.admit(1)!.message).toMatch(/^2 session commands.*raise "maxPending"\.$/)

  pending.release(1)
  expect(pending.admit(1)).toBe(undefined)
  expect(pending.calls).toBe(2)
})

test('refuses a byte more than maxPendingBytes, until there is room', () => {
  let pending = new Pending({ maxPending: 10, maxPendingBytes: 100 })
  expect(pending.admit(60)).toBe(undefined)
  expect(pending.admit(40)).toBe(undefined)
  expect(pending.admit(1)).toMatchObject({ code: 'OVERLOADED' })
  expect(pending.admit(1)!.message).toMatch(/100 bytes.*raise "maxPendingBytes"\.$/)

  pending.release(60)
  expect(pending.admit(60)).toBe(undefined)
})

test('admits a call of any size when no other is pending', () => {
  let pending = new Pending({ maxPending: 10, maxPendingBytes: 100 })
  expect(pending.admit(101)).toBe(undefined)
  expect(pending.admit(1)).toMatchObject({ code: 'OVERLOADED' })
})

test('refuses all calls once it is closed, which takes until the last has ended', async () => {
  let pending = new Pending({ maxPending: 10, maxPendingBytes: 100 })
  pending.admit(1)
  pending.admit(1)
  let isClosed = false
  let closed = pending.close().then(() => (isClosed = true))
  expect(pending.admit(1)).toMatchObject({ code: 'CLOSED' })

  pending.release(1)
  await Promise.resolve()
  expect(isClosed).toBe(false)
  pending.release(1)
  await closed
  await pending.close()
})
