/** What a cluster refuses for the moment, and a client hands to the app: it is sent again, and nothing of its session overtakes it. */
import { createSession } from '@remix-run/session'
import { createRedisSessionStorage, type ClientOptions } from 'remix-session-storage-redis'
import { expect, test } from 'vitest'

import { failure } from '../support/failure.ts'

const TIMEOUT = 300
const WORDS = ['MOVED 1 127.0.0.1:1', 'ASK 1 127.0.0.1:1', 'TRYAGAIN Multiple', 'CLUSTERDOWN Down']

/** A cluster of node-redis as far as it is used, which refuses a command by these words so many times, and then has it break so often. */
function refusing(words: string, times: number, breaks = 0) {
  class ErrorReply extends Error {}
  let sent: string[] = []
  let method = () => {}
  let client = {
    ...{ get: method, set: method, del: method, expire: method, getEx: method },
    ...{ slots: [], destroy: method },
    async sendCommand(_: string, __: boolean, [name]: string[]) {
      sent.push(name!)
      if (times-- > 0) throw new ErrorReply(words)
      if (breaks-- > 0) throw new Error('Socket closed unexpectedly')
      return name === 'GETEX' ? '[{"value":"here"},{}]' : 'OK'
    },
  }
  return { client: client as unknown as ClientOptions['client'], sent }
}

test.each(WORDS)(
  '%s: a save and a read behind it are done all the same, in order',
  async (words) => {
    let { client, sent } = refusing(words, 3)
    let storage = createRedisSessionStorage({ client, onConflict: 'overwrite' })
    let session = createSession('id')
    session.set('value', 'new')
    let saved = storage.save(session)
    let read = storage.read('id')

    expect(await saved).toBe('id')
    expect((await read).get('value')).toBe('here')
    expect(sent).toEqual(['SET', 'SET', 'SET', 'SET', 'GETEX'])
  },
)

test.each(WORDS)(
  '%s, and then a connection that breaks: a read is done all the same',
  async (words) => {
    let { client } = refusing(words, 6, 2)
    let storage = createRedisSessionStorage({ client })

    expect((await storage.read('id')).get('value')).toBe('here')
  },
)

test.each(WORDS)('%s until the deadline: the call fails with that', async (words) => {
  let { client } = refusing(words, Infinity)
  let storage = createRedisSessionStorage({ client, timeout: TIMEOUT })
  let { error, duration } = await failure(storage.read('id'))

  expect(error).toMatchObject({ code: 'REDIS', reply: words.split(' ')[0] })
  expect(duration).toBeGreaterThan(TIMEOUT - 50)
})

test.each(WORDS)(
  '%s until the deadline: the visitor is anonymous where that is asked for',
  async (words) => {
    let { client } = refusing(words, Infinity)
    let storage = createRedisSessionStorage({
      client,
      timeout: TIMEOUT,
      onUnavailable: 'anonymous',
    })

    expect(storage.isAnonymous(await storage.read('id'))).toBe(true)
  },
)
