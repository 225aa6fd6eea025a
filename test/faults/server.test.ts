/** What users see of a Redis that dies, hangs, or starts again. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { createRedisSessionStorage, type UrlOptions } from 'remix-session-storage-redis'
import { expect, onTestFinished, test } from 'vitest'

import { freePort, startRedisServer } from '../../scripts/redis-server.js'
import { failure, SLACK, stored, valueOf } from '../support/failure.ts'
import { startProxy } from '../support/proxy.ts'
import { startRedis, tested } from '../support/redis.ts'

const TIMEOUT = 300
const LONG = 10_000

async function start(options?: Parameters<typeof startRedis>[0]) {
  let redis = await startRedis(options)
  onTestFinished(() => redis.stop())
  return redis
}

function open(port: number, options?: Partial<UrlOptions>) {
  let url = `redis://127.0.0.1:${port}`
  let storage = createRedisSessionStorage({ url, timeout: TIMEOUT, ...options })
  onTestFinished(() => storage.close())
  return storage
}

/** A server that is killed with a write and a read on their way to it. */
async function killedWith(options?: Partial<UrlOptions>) {
  let redis = await start()
  let proxy = await startProxy(redis)
  onTestFinished(() => proxy.stop())
  let storage = open(proxy.port, { timeout: LONG, ...options })
  let id = await stored(storage, 'first')
  let session = await storage.read(id)
  session.set('value', 'second')

  proxy.hold()
  let onTheWay = proxy.held('client')
  let write = failure(storage.save(session))
  let read = storage.read(id)
  // It may fail before anybody looks.
  read.catch(() => {})
  await onTheWay
  await redis.stop()
  return { port: redis.port, address: `127.0.0.1:${proxy.port}`, storage, write, read }
}

test('killed mid-command: a write fails, and a read waits for the next server', async () => {
  let { port, address, storage, write, read } = await killedWith({ onConflict: 'overwrite' })
  let { error } = await write
  expect(error.message).toContain(address)
  expect(error.message).toContain('may or may not')
  expect(error.code).toBe('DISCONNECTED')

  await start({ port })
  expect((await read).get('value')).toBe(undefined)
  expect(await valueOf(storage, await stored(storage, 'third'))).toBe('third')
})

test('killed mid-command: a read fails at its deadline when no server comes back', async () => {
  let { address, read } = await killedWith({ timeout: TIMEOUT })
  let { error, duration } = await failure(read)

  expect(error.code).toBe('CONNECT')
  expect(error.message).toContain(address)
  expect(duration).toBeLessThan(TIMEOUT + SLACK)
})

test('a logout that was under way when the server died is carried out on the next one', async () => {
  let folder = await mkdtemp(path.join(tmpdir(), 'redis-restart-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  let port = await freePort()
  let options = {
    binary: tested.binary(),
    port,
    args: ['--appendonly', 'yes', '--appendfsync', 'always'],
    directory: folder,
  }
  let first = await startRedisServer(options)
  let proxy = await startProxy(first)
  onTestFinished(() => proxy.stop())
  let storage = open(proxy.port, { timeout: LONG })
  let id = await stored(storage, 'here')
  let session = await storage.read(id)
  session.destroy()

  proxy.hold()
  let onTheWay = proxy.held('client')
  let saved = storage.save(session)
  await onTheWay
  first.process.kill('SIGKILL')
  await first.stop()
  let second = await startRedisServer(options)
  onTestFinished(() => second.stop())

  expect(await saved).toBe('')
  expect((await storage.read(id)).id).not.toBe(id)
})

test('restarted on the same port: the storage recovers by itself', async () => {
  let redis = await start()
  let storage = open(redis.port, { timeout: LONG })
  await stored(storage, 'before')
  await redis.stop()
  // Called before there is a server, answered by it.
  let waiting = storage.read('some-id')
  await start({ port: redis.port })

  expect((await waiting).size).toBe(0)
  expect(await valueOf(storage, await stored(storage, 'after'))).toBe('after')
})

test('hung: every request ends at its deadline, and the next works once Redis goes on', async () => {
  let redis = await start()
  let storage = open(redis.port)
  let id = await stored(storage, 'here')
  let session = await storage.read(id)
  session.set('value', 'changed')
  let destroyed = await storage.read(id)
  destroyed.destroy()

  process.kill(redis.pid, 'SIGSTOP')
  let failures = await Promise.all([
    failure(storage.read(id)),
    failure(storage.save(session)),
    failure(storage.save(destroyed)),
    failure(storage.ping()),
  ])
  for (let { error, duration } of failures) {
    expect(error.code).toBe('TIMEOUT')
    expect(error.message).toContain(`127.0.0.1:${redis.port}`)
    expect(duration).toBeGreaterThanOrEqual(TIMEOUT - 5)
    expect(duration).toBeLessThan(TIMEOUT + SLACK)
  }
  process.kill(redis.pid, 'SIGCONT')

  expect(await valueOf(storage, await stored(storage, 'later'))).toBe('later')
})

test('hung: no more than maxPending requests wait, and all of them end', async () => {
  let redis = await start()
  let storage = open(redis.port, { maxPending: 50 })
  await storage.connect()

  process.kill(redis.pid, 'SIGSTOP')
  let calls = Array.from({ length: 60 }, (_, i) => failure(storage.read(`id-${i}`)))
  let failures = await Promise.all(calls)
  expect(failures.map(({ error }) => error.code)).toEqual([
    ...Array<string>(50).fill('TIMEOUT'),
    ...Array<string>(10).fill('OVERLOADED'),
  ])
  for (let { duration } of failures.slice(50)) expect(duration).toBeLessThan(TIMEOUT)
  for (let { duration } of failures) expect(duration).toBeLessThan(TIMEOUT + SLACK)
  process.kill(redis.pid, 'SIGCONT')

  expect(await valueOf(storage, await stored(storage, 'later'))).toBe('later')
})
