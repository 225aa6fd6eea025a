/** Storages in worker threads: each has its own, and takes it along when it goes. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { stored, valueOf } from '../support/failure.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'
import { workerUrl } from '../support/script.ts'

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

/** A worker that knows `url`, `name`, `parentPort` and `createRedisSessionStorage`. */
function startWorker(script: string, name = ''): Worker {
  return new Worker(workerUrl(script, { url: redis.url, name }))
}

const ONE_STORAGE = `
  let storage = createRedisSessionStorage({ url, timeout: 5000 })
`
/** Keeps reads and saves in flight for ever, and says when it is at it. */
const BUSY = `
  ${ONE_STORAGE}
  await storage.connect()
  let session = await storage.read(null)
  let forever = async (i) => {
    for (;;) {
      session.set('value', i)
      await Promise.all([storage.read('unknown-' + i), storage.save(session)])
    }
  }
  for (let i = 0; i < 50; i++) forever(i)
  parentPort.postMessage('busy')
`

test('several at once each see their own sessions', async () => {
  let workers = ['a', 'b', 'c', 'd'].map((name) =>
    startWorker(
      `
        ${ONE_STORAGE}
        let sessions = await Promise.all(Array.from({ length: 500 }, () => storage.read(null)))
        for (let session of sessions) session.set('mine', name + session.id)
        let wrong = 0
        for (let round = 0; round < 5; round++) {
          await Promise.all(sessions.map((session) => storage.save(session)))
          sessions = await Promise.all(sessions.map(({ id }) => storage.read(id)))
          for (let session of sessions) {
            if (session.get('mine') !== name + session.id) wrong++
            session.set('round', round)
          }
        }
        parentPort.postMessage({ name, wrong, id: sessions[0].id })
      `,
      name,
    ),
  )
  let results = await Promise.all(
    workers.map(async (worker) => {
      let [[result], [exitCode]] = await Promise.all([
        once(worker, 'message'),
        once(worker, 'exit'),
      ])
      return { result, exitCode }
    }),
  )

  expect(results).toEqual(
    ['a', 'b', 'c', 'd'].map((name) => ({
      result: { name, wrong: 0, id: expect.any(String) },
      exitCode: 0,
    })),
  )
  // The sessions are in Redis, for the main thread as well.
  let storage = createRedisSessionStorage({ url: redis.url, timeout: 5000 })
  let session = await storage.read(results[0]!.result.id)
  expect(session.get('mine')).toBe('a' + session.id)
  await storage.close()
})

test('one that has done its work ends by itself, with its storage idle', async () => {
  let worker = startWorker(`
    ${ONE_STORAGE}
    parentPort.postMessage((await storage.read('unknown')).size)
  `)
  let [[size], [exitCode]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])

  expect({ size, exitCode }).toEqual({ size: 0, exitCode: 0 })
})

test('one whose Redis hangs stays until its read has timed out', async () => {
  let worker = startWorker(`
    let storage = createRedisSessionStorage({ url, timeout: 300 })
    await storage.connect()
    parentPort.postMessage('connected')
    parentPort.once('message', () => {
      storage.read('some-id').catch(({ code }) => parentPort.postMessage(code))
    })
  `)
  // The last message and the exit may come in one turn, so both are awaited from here on.
  let exited = once(worker, 'exit')
  await once(worker, 'message')
  process.kill(redis.pid, 'SIGSTOP')
  worker.postMessage('go', [])
  let [code] = await once(worker, 'message').finally(() => process.kill(redis.pid, 'SIGCONT'))
  let [exitCode] = await exited

  expect({ code, exitCode }).toEqual({ code: 'TIMEOUT', exitCode: 0 })
})

test('terminated with commands in flight 20 times, they leave the others alone', async () => {
  let storage = createRedisSessionStorage({ url: redis.url, timeout: 5000 })
  for (let i = 0; i < 20; i++) {
    let worker = startWorker(BUSY)
    await once(worker, 'message')
    let [exitCode, value] = await Promise.all([
      worker.terminate(),
      stored(storage, i).then((id) => valueOf(storage, id)),
    ])
    expect(exitCode).toBe(1)
    expect(value).toBe(i)
  }
  await storage.close()
})

test('terminated while their storage connects to nobody, they end', async () => {
  for (let i = 0; i < 5; i++) {
    let worker = startWorker(`
      let storage = createRedisSessionStorage({ url: 'redis://127.0.0.1:1', timeout: 60_000 })
      storage.read('some-id').catch(() => {})
      parentPort.postMessage('waiting')
    `)
    await once(worker, 'message')

    expect(await worker.terminate()).toBe(1)
  }
})
