/** What users see of a Redis that takes its time to start. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { expect, onTestFinished, test } from 'vitest'

import { freePort, startRedisServer } from '../../scripts/redis-server.js'
import { stored, valueOf } from '../support/failure.ts'
import { startRedis, tested } from '../support/redis.ts'

function open(port: number) {
  let storage = createRedisSessionStorage({ url: `redis://127.0.0.1:${port}`, timeout: 10_000 })
  onTestFinished(() => storage.close())
  return storage
}

test('still loading its data: a request waits until it is done', async () => {
  let folder = await mkdtemp(path.join(tmpdir(), 'redis-loading-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  let port = await freePort()
  let first = await startRedis({ port, args: ['--dir', folder] })
  let id = await stored(open(port), 'kept')
  for (let i = 0; i < 15; i++) await first.side.set(`other:${i}`, randomBytes(600))
  await first.side.sendCommand(['SAVE'])
  await first.stop()

  // So many microseconds for each key; between them, so many bytes apart, connections are served.
  let delay = ['--key-load-delay', '100000', '--loading-process-events-interval-bytes', '1024']
  let isLoaded = false
  let starting = startRedisServer({
    binary: tested.binary(),
    port,
    args: ['--dir', folder, ...delay],
  })
  onTestFinished(async () => (await starting).stop())
  let loaded = starting.then(() => (isLoaded = true))
  let storage = open(port)

  expect(await firstAnswer(port)).toContain('LOADING')
  let value = valueOf(storage, id)
  expect(isLoaded).toBe(false)
  expect(await value).toBe('kept')
  await loaded
})

/** What a server that is about to start says first. */
async function firstAnswer(port: number): Promise<string> {
  for (;;) {
    try {
      let socket = net.connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
      let [data] = (await once(socket, 'data')) as [Buffer]
      socket.destroy()
      return data.toString()
    } catch {
      // Nobody listens yet: asked again at once.
    }
  }
}
