/** A call that was given up neither locks its session, nor goes on behind the back of its caller. */
import { createSession, type Session } from '@remix-run/session'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { createRedisSessionStorage, type ClientOptions } from 'remix-session-storage-redis'
import { describe, expect, test } from 'vitest'

import { heldClient } from '../support/held-client.ts'

const TIMEOUT = 200

function storageOver(client: object) {
  return createRedisSessionStorage({ client: client as ClientOptions['client'], timeout: TIMEOUT })
}

async function givenUp(call: Promise<unknown>): Promise<void> {
  await expect(call).rejects.toMatchObject({ code: 'TIMEOUT' })
}

function changed(session: Session): Session {
  session.set('value', 'changed')
  return session
}

describe('a session of which the client does not answer', () => {
  test('a read, can be read at once', async () => {
    let { client, answers } = heldClient()
    let storage = storageOver(client)
    await givenUp(storage.read('id'))
    answers.clear()
    let read = storage.read('id')
    await setImmediate()
    answers.get('get id')!.resolve('[{"value":"here"},{}]')

    expect((await read).get('value')).toBe('here')
  })

  test.each([
    ['a save', changed],
    [
      'a logout',
      (session: Session) => {
        session.destroy()
        return session
      },
    ],
  ])('%s, can be read and saved half a timeout later', async (_, change) => {
    let isStuck = true
    let texts = new Map<string, string>()
    let stuck = () => new Promise(() => {})
    let storage = storageOver({
      get: async (key: string) => texts.get(key) ?? null,
      set: async (key: string, text: string) => (isStuck ? stuck() : void texts.set(key, text)),
      del: async (key: string) => (isStuck ? stuck() : texts.delete(key)),
      expire: async () => 1,
    })
    texts.set('session:id', '[{"value":"here"},{}]')
    await givenUp(storage.save(change(await storage.read('id'))))
    isStuck = false
    let start = performance.now()
    let session = await storage.read('id')
    session.set('value', 'later')

    expect(await storage.save(session)).toBe('id')
    expect(texts.get('session:id')).toContain('later')
    expect(performance.now() - start).toBeLessThan(TIMEOUT)
  })
})

test('a save waits for one that was given up, and is not overtaken by it', async () => {
  let { client, sent, answers } = heldClient()
  let storage = storageOver(client)
  let logout = createSession('id')
  logout.destroy()
  await givenUp(storage.save(logout))
  let saved = storage.save(changed(createSession('id')))
  await setImmediate()
  expect(sent).toEqual(['del id'])

  answers.get('del id')!.resolve(1)
  await setImmediate()
  expect(sent).toEqual(['del id', 'set id'])
  answers.get('set id')!.resolve('OK')
  await setImmediate()
  answers.get('expire id')!.resolve(1)
  expect(await saved).toBe('id')
})

test('a save that was given up while it waited for another one is not sent', async () => {
  let { client, sent } = heldClient()
  let storage = storageOver(client)
  let logout = createSession('id')
  logout.destroy()
  let loggedOut = givenUp(storage.save(logout))
  await sleep(10)
  await givenUp(storage.save(changed(createSession('id'))))
  await loggedOut
  await sleep(TIMEOUT)

  expect(sent).toEqual(['del id'])
})

describe('nothing more is sent for a caller who was told TIMEOUT', () => {
  test('over a client with few methods: no set after the get, no expire after the set', async () => {
    let { client, sent, answers } = heldClient()
    let storage = storageOver(client)
    let reading = storage.read('id')
    await setImmediate()
    answers.get('get id')!.resolve('[{},{}]')
    let session = changed(await reading)
    sent.length = 0
    await givenUp(storage.save(session))
    answers.get('get id')!.resolve('[{},{}]')
    await sleep(TIMEOUT)
    expect(sent).toEqual(['get id'])

    let fresh = changed(createSession('new'))
    sent.length = 0
    await givenUp(storage.save(fresh))
    answers.get('set new')!.resolve('OK')
    await sleep(TIMEOUT)
    expect(sent).toEqual(['set new'])
  })

  /** A client of node-redis as far as it is used, whose commands are answered when the test says so. */
  function heldNodeRedis() {
    class ErrorReply extends Error {}
    let sent: string[] = []
    let answer = Promise.withResolvers<unknown>()
    let reply: unknown
    let client = {
      isReady: true,
      get() {},
      set() {},
      del() {},
      expire() {},
      getEx() {},
      sendCommand([name]: string[]) {
        sent.push(name!)
        return reply === undefined ? answer.promise : Promise.resolve(reply)
      },
    }
    return {
      client,
      sent,
      answerAllWith: (given: unknown) => (reply = given),
      answer: answer.resolve,
      refuse: (words: string) => answer.reject(new ErrorReply(words)),
      fail: () => answer.reject(new Error('Socket closed unexpectedly')),
    }
  }

  test('no GET after a GETEX that was refused', async () => {
    let { client, sent, refuse } = heldNodeRedis()
    await givenUp(storageOver(client).read('id'))
    refuse("READONLY You can't write against a read only replica.")
    await setImmediate()

    expect(sent).toEqual(['GETEX'])
  })

  test('no script after a SET with IFEQ that was refused', async () => {
    let { client, sent, answerAllWith, refuse } = heldNodeRedis()
    answerAllWith('[{},{}]')
    let storage = storageOver(client)
    let session = changed(await storage.read('id'))
    answerAllWith(undefined)
    await givenUp(storage.save(session))
    refuse('ERR syntax error')
    await setImmediate()

    expect(sent).toEqual(['GETEX', 'SET'])
  })

  test('no second try after a connection that broke', async () => {
    let { client, sent, fail } = heldNodeRedis()
    await givenUp(storageOver(client).read('id'))
    fail()
    await setImmediate()

    expect(sent).toEqual(['GETEX'])
  })

  test('no further step of a login', async () => {
    let { client, sent, answerAllWith, answer } = heldNodeRedis()
    answerAllWith('[{},{}]')
    let storage = storageOver(client)
    let session = await storage.read('id')
    session.regenerateId(true)
    answerAllWith(undefined)
    sent.length = 0
    await givenUp(storage.save(session))
    answer('[{},{}]')
    await sleep(TIMEOUT)

    expect(sent).toEqual(['GET'])
  })
})
