/** What Redis holds in the end: sessions, in their form, and the marks that logins and logouts leave. */
import assert from 'node:assert/strict'

import type { SideConnection } from '../redis.ts'
import { texts } from './draft.ts'
import type { Stored } from './find-order.ts'
import type { OnConflict } from './specification.ts'

const SESSION_TTL = 604_800
const MARK_TTL = 60

export async function storedIn(side: SideConnection, onConflict: OnConflict): Promise<Stored> {
  let keys = await side.keys('*')
  let ttls = await Promise.all(keys.map((key) => side.ttl(key)))
  let isMark = (key: string) => key.startsWith('session:gone:')
  keys.forEach((key, index) => {
    let most = isMark(key) ? MARK_TTL : SESSION_TTL
    assert.ok(ttls[index]! > most / 2 && ttls[index]! <= most, `${key} lives for ${ttls[index]} s`)
  })

  let entries = await Promise.all(
    keys
      .filter((key) => !isMark(key))
      .map(async (key) => {
        let [values, messages, ...rest] = JSON.parse((await side.get(key))!)
        if (onConflict === 'overwrite') assert.deepEqual(rest, [])
        else expectVersion(rest, Object.keys(messages))
        return [
          key.replace('session:', ''),
          { values: texts(values), messages: texts(messages) },
        ] as const
      }),
  )
  return Object.fromEntries(entries)
}

/** The third element names the last saves, and for each message the save that has flashed it. */
function expectVersion(rest: unknown[], messages: string[]): void {
  let [{ v, f = {}, ...others }] = rest as [{ v: string; f?: Record<string, string> }]
  assert.equal(rest.length, 1)
  assert.match(v, /^([\w-]{8}){1,8}$/)
  assert.deepEqual(Object.keys(f).toSorted(), messages.toSorted())
  for (let nonce of Object.values(f)) assert.match(nonce, /^[\w-]{8}$/)
  assert.deepEqual(others, {})
}
