/** Users who come again and again, and know what they have to find. */
import type { RedisSessionStorage } from 'remix-session-storage-redis'

import type { Keeper } from './diary.ts'

/** A visit, of one request or some. */
export type User = () => Promise<void>

export interface World {
  keeper: Keeper
  /** Whether nothing is lost that was acknowledged. */
  keeps: boolean
}

interface Value {
  name: string
  count: number
}

/** Counts in a session that holds so many characters besides. */
export function counter(
  storage: RedisSessionStorage,
  { name, size }: { name: string; size: number },
  { keeper, keeps }: World,
): User {
  let id: string | null = null
  let attempted = 0
  let acknowledged = 0

  return async () => {
    let session = await keeper.timed(storage.read(id))
    let value = session.get('value') as Value | undefined
    if (value === undefined) {
      if (keeps && acknowledged > 0) keeper.problem(`The session of ${name} is gone`)
      id = null
      attempted = 0
      acknowledged = 0
    } else {
      expectOwn(value, name, keeper)
      let isLost = keeps && value.count < acknowledged
      if (isLost || value.count > attempted) {
        keeper.problem(`${name} has ${value.count}, of ${acknowledged} saved and ${attempted} sent`)
      }
    }
    let count = ++attempted
    session.set('value', { name, count })
    if (id === null) session.set('padding', 'x'.repeat(size))
    let saved = await keeper.timed(storage.save(session))
    if (!saved) return
    id = saved
    acknowledged = count
  }
}

/** How many ids that were left for good are looked at again. */
const REMEMBERED = 50

/** Comes without a session, logs in, has a look and logs out. What was left is never there again. */
export function member(storage: RedisSessionStorage, name: string, world: World): User {
  let { keeper, keeps } = world
  let left: string[] = []

  async function expectGone(id: string) {
    let session = await keeper.timed(storage.read(id))
    if (keeps && session.has('value')) {
      keeper.problem(`${name} has left ${id}, which is there again`)
    }
  }

  async function logOut(id: string) {
    let session = await keeper.timed(storage.read(id))
    session.destroy()
    return keeper.timed(storage.save(session))
  }

  return async () => {
    let session = await keeper.timed(storage.read(null))
    session.set('value', { name, count: 0 })
    let before = await keeper.timed(storage.save(session))

    session = await keeper.timed(storage.read(before))
    session.set('value', { name, count: 1 })
    session.regenerateId(true)
    let id = await keeper.timed(storage.save(session))
    // A primary has gone meanwhile that had not yet copied it.
    if (!id) return

    session = await keeper.timed(storage.read(id))
    if (session.has('value')) expectOwn(session.get('value') as Value, name, keeper)
    else if (keeps) keeper.problem(`The login of ${name} is lost`)

    // As a user does who is told that it went wrong.
    await logOut(id).catch(() => logOut(id))
    left.push(before!, id)
    if (left.length > REMEMBERED) left.splice(0, 2)
    await expectGone(id)
    await expectGone(left[Math.floor(Math.random() * left.length)]!)
  }
}

function expectOwn(value: Value, name: string, { problem }: Keeper) {
  if (value.name !== name) problem(`${name} got the session of ${value.name}`)
}
