/** What users are told when their Redis cannot be reached, and when. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import net, { type AddressInfo } from 'node:net'

import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

import { freePort } from '../../scripts/redis-server.js'
import { failure, SLACK, stored, valueOf } from '../support/failure.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

const TIMEOUT = 300
/** Long enough that a failure before it was not the deadline's doing. */
const LONG = 5000

function open(url: string, timeout: number) {
  let storage = createRedisSessionStorage({ url, timeout })
  onTestFinished(() => storage.close())
  return storage
}

async function serve(server: net.Server) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A server that treats connections like this, and whose other end may go at any time. */
function serveTcp(onConnection: (socket: net.Socket) => void) {
  let sockets: net.Socket[] = []
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()))
  return serve(
    net.createServer((socket) => {
      sockets.push(socket.on('error', () => {}))
      onConnection(socket)
    }),
  )
}

describe('where nobody listens', () => {
  test('a request fails at its deadline, not before: Redis may be about to start', async () => {
    let address = `127.0.0.1:${await freePort()}`
    let { error, duration } = await failure(open(`redis://${address}`, TIMEOUT).read('some-id'))

    expect(error.code).toBe('CONNECT')
    expect(error.message).toContain(address)
    expect(error.message).toContain('refused')
    expect(duration).toBeGreaterThanOrEqual(TIMEOUT - 5)
    expect(duration).toBeLessThan(TIMEOUT + SLACK)
  })

  test('a request that waits is served by a Redis that starts meanwhile', async () => {
    let port = await freePort()
    let storage = open(`redis://127.0.0.1:${port}`, LONG)
    let saved = stored(storage, 'here')
    let redis = await startRedis({ port })
    onTestFinished(() => redis.stop())

    expect(await valueOf(storage, await saved)).toBe('here')
  })

  test('the same storage works once Redis is there', async () => {
    let port = await freePort()
    let storage = open(`redis://127.0.0.1:${port}`, TIMEOUT)
    await failure(storage.connect())
    let redis = await startRedis({ port })
    onTestFinished(() => redis.stop())

    expect(await valueOf(storage, await stored(storage, 'here'))).toBe('here')
  })

  test.runIf(process.platform !== 'win32')('a socket file that is not there is named', async () => {
    let { error, duration } = await failure(open('unix:///nowhere/redis.sock', TIMEOUT).connect())

    expect(error.code).toBe('CONNECT')
    expect(error.message).toContain('/nowhere/redis.sock')
    expect(duration).toBeLessThan(TIMEOUT + SLACK)
  })

  test('a host name that does not exist is named', async () => {
    let { error, duration } = await failure(open('redis://no.such.host.invalid', TIMEOUT).connect())

    expect(error.code).toBe('CONNECT')
    expect(error.message).toContain('no.such.host.invalid:6379')
    expect(duration).toBeLessThan(TIMEOUT + SLACK)
  })
})

describe('waiting would not help', () => {
  let redis: TestRedis
  beforeAll(async () => {
    redis = await startRedis()
    await redis.side.configSet('requirepass', 'right-password')
  })
  afterAll(() => redis.stop())

  test.each([
    ['a wrong password', ':wrong-password@', '', 'WRONGPASS'],
    ['no password', '', '', 'NOAUTH'],
    ['a user that does not exist', 'wrong-user:right-password@', '', 'WRONGPASS'],
    ['a database that does not exist', ':right-password@', '/99', 'ERR'],
  ])('with %s, so a request fails at once', async (_, user, database, reply) => {
    let address = `127.0.0.1:${redis.port}`
    let storage = open(`redis://${user}${address}${database}`, LONG)
    let { error, duration } = await failure(storage.read('some-id'))

    expect(error.code).toBe('CONNECT')
    expect(error.message).toContain(address)
    expect(error.message).toContain(reply)
    expect(error.message + error.stack).not.toMatch(/(right|wrong)-password/)
    expect(duration).toBeLessThan(SLACK)
  })

  test('with a wrong password, but with the right one after it was changed on the server', async () => {
    let storage = open(`redis://:new-password@127.0.0.1:${redis.port}`, LONG)
    await failure(storage.connect())
    await redis.side.configSet('requirepass', 'new-password')
    onTestFinished(async () => {
      await redis.side.configSet('requirepass', 'right-password')
    })

    expect(await valueOf(storage, await stored(storage, 'here'))).toBe('here')
  })
})

describe('what listens is not Redis', () => {
  test('but an HTTP server: a request fails at once', async () => {
    let address = await serve(createServer((_, response) => response.end('Hello')))
    let { error, duration } = await failure(open(`redis://${address}`, LONG).read('some-id'))

    expect(error.code).toBe('CONNECT')
    expect(error.message).toContain(address)
    expect(error.message).toContain('not a Redis server')
    expect(duration).toBeLessThan(SLACK)
  })

  test.each([
    ['text', 'Hello, who is there?\r\n'],
    ['bytes', Buffer.from([0, 255, 13, 10, 128, 7, 13, 10])],
    ['replies to other questions', ':1\r\n:2\r\n:3\r\n:4\r\n'],
  ])('but something that answers with %s: a request fails at once', async (_, answer) => {
    let address = await serveTcp((socket) => socket.on('data', () => socket.write(answer)))
    let { error, duration } = await failure(open(`redis://${address}`, LONG).read('some-id'))

    expect(error.code).toBe('CONNECT')
    expect(error.message).toContain(address)
    expect(duration).toBeLessThan(SLACK)
  })

  test('but something that says nothing: a request fails at its deadline', async () => {
    let address = await serveTcp((socket) => socket.resume())
    let { error, duration } = await failure(open(`redis://${address}`, TIMEOUT).read('some-id'))

    expect(error.code).toBe('CONNECT')
    expect(error.message).toContain(address)
    expect(duration).toBeGreaterThanOrEqual(TIMEOUT - 5)
    expect(duration).toBeLessThan(TIMEOUT + SLACK)
  })

  test('but something that hangs up: a request fails at its deadline, and does not hammer', async () => {
    let connections = 0
    let address = await serveTcp((socket) => {
      connections++
      socket.end()
    })
    let { error, duration } = await failure(open(`redis://${address}`, TIMEOUT).read('some-id'))

    expect(error.code).toBe('CONNECT')
    expect(error.message).toContain(address)
    expect(duration).toBeLessThan(TIMEOUT + SLACK)
    expect(connections).toBeGreaterThan(1)
    expect(connections).toBeLessThan(25)
  })
})

describe('a server that is busy with something else', () => {
  test('has room for another client later: a request waits for that', async () => {
    let redis = await startRedis()
    onTestFinished(() => redis.stop())
    await redis.side.configSet('requirepass', 'right-password')
    let others = await Promise.all(
      [1, 2, 3].map(async () => {
        let socket = net.connect(redis.port, '127.0.0.1').on('error', () => {})
        await once(socket, 'connect')
        return socket
      }),
    )
    await redis.side.configSet('maxclients', '4')
    let storage = open(`redis://:right-password@127.0.0.1:${redis.port}`, LONG)
    let saved = stored(storage, 'here')
    await expect.poll(() => redis.side.info('stats')).not.toContain('rejected_connections:0')
    others.forEach((socket) => socket.destroy())

    expect(await valueOf(storage, await saved)).toBe('here')
  })

  test.each([
    ['says its words a byte at a time', 150],
    ['never says a word', Infinity],
  ])('%s: it is given up at the deadline, and the next attempt succeeds', async (_, pause) => {
    let redis = await startRedis()
    onTestFinished(() => redis.stop())
    let isSlow = true
    let address = await serveTcp((socket) => {
      if (isSlow) {
        if (pause === Infinity) return
        // No end to it: a status of as many bytes as are waited for.
        socket.write('+')
        let timer = setInterval(() => socket.write('x'), pause)
        socket.on('close', () => clearInterval(timer))
      } else {
        let upstream = net.connect(redis.port, '127.0.0.1').on('error', () => {})
        socket.pipe(upstream).pipe(socket)
      }
    })
    let storage = open(`redis://${address}`, 600)
    let { error, duration } = await failure(storage.read('some-id'))
    expect(error.code).toBe('CONNECT')
    expect(duration).toBeLessThan(600 + SLACK)

    isSlow = false
    expect(await valueOf(storage, await stored(storage, 'here'))).toBe('here')
  })
})
