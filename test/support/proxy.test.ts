/** The faults of the proxy that a test could wait for in vain. */
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { startProxy, type Proxy, SERVERS_ADDRESS } from './proxy.ts'

let server: net.Server
let accepted: net.Socket[]
let proxy: Proxy

beforeEach(async () => {
  accepted = []
  // An echo.
  server = net.createServer((socket) => {
    accepted.push(socket)
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  proxy = await startProxy({ port: (server.address() as net.AddressInfo).port })
})
afterEach(async () => {
  await proxy.stop()
  server.close()
})

async function connect(options?: { localAddress: string }) {
  let socket = net.connect({ port: proxy.port, host: '127.0.0.1', ...options })
  let received = ''
  let error: string | undefined
  socket.on('data', (data) => (received += data))
  socket.on('error', (reason: NodeJS.ErrnoException) => (error = reason.code))
  await once(socket, 'connect')
  socket.write('hello')
  return {
    socket,
    received: () => received,
    error: () => error,
  }
}

/** Long enough for what passes to have passed. */
const A_WHILE = 50

test('a throttled connection passes that many bytes a second, and all of them', async () => {
  proxy.throttle(10_000)
  let { socket, received } = await connect()
  let start = performance.now()
  socket.write('x'.repeat(2000))
  await expect.poll(received).toHaveLength(2005)

  // There, and back at the same time.
  expect(performance.now() - start).toBeGreaterThan(180)
  proxy.throttle(Infinity)
  socket.write('!')
  await expect.poll(received).toBe(`hello${'x'.repeat(2000)}!`)
})

test('the sender over a throttled connection finds it full', async () => {
  let { socket } = await connect()
  proxy.throttle(1000)
  socket.write(Buffer.alloc(64 * 2 ** 20))
  // It would have taken all of it by then.
  await sleep(10 * A_WHILE)

  expect(socket.writableLength).toBeGreaterThan(0)
  socket.destroy()
})

test.each([
  { side: 'client', echoed: '' },
  { side: 'server', echoed: 'again' },
] as const)('half-open, what the $side sends waits', async ({ side, echoed }) => {
  let { socket, received } = await connect()
  await expect.poll(received).toBe('hello')
  let heard = ''
  accepted[0]!.on('data', (data) => (heard += data))
  proxy.holdFrom(side)
  socket.write('again')
  accepted[0]!.write(' from the server')
  await sleep(A_WHILE)

  expect(heard).toBe(echoed)
  expect(received()).toBe(side === 'client' ? 'hello from the server' : 'hello')
  await proxy.release()
  await expect.poll(() => heard).toBe('again')
  await expect.poll(received).toContain('again')
})

test('new connections are a black hole, while old ones work', async () => {
  let old = await connect()
  await expect.poll(old.received).toBe('hello')
  proxy.holdNewOnes()
  let fresh = await connect()
  old.socket.write('!')
  await expect.poll(old.received).toBe('hello!')

  expect(fresh.received()).toBe('')
  await proxy.release()
  await expect.poll(fresh.received).toBe('hello')
})

test('a reset reaches both sides', async () => {
  let { socket, error } = await connect()
  await expect.poll(() => accepted).toHaveLength(1)
  let serverError = once(accepted[0]!, 'error')
  proxy.reset()

  await expect.poll(() => socket.closed).toBe(true)
  expect(error()).toBe('ECONNRESET')
  expect(await serverError).toMatchObject([{ code: 'ECONNRESET' }])
  expect(proxy.open).toBe(0)
})

test('clients receive what the server never sent', async () => {
  let { received } = await connect()
  await expect.poll(received).toBe('hello')
  proxy.inject('garbage')

  await expect.poll(received).toBe('hellogarbage')
})

// Elsewhere, there is one address of this kind only.
if (process.platform === 'linux') {
  test('servers among each other are left alone', async () => {
    proxy.hold(true)
    let { socket, received } = await connect({ localAddress: SERVERS_ADDRESS })
    await expect.poll(received).toBe('hello')
    await proxy.refuse()
    socket.write('!')
    await expect.poll(received).toBe('hello!')

    expect(proxy.connections).toBe(0)
    await proxy.accept()
    let { received: fromClient } = await connect()
    await sleep(A_WHILE)
    expect(fromClient()).toBe('')
  })

  test('a server that is isolated hears nothing of others, and clients notice nothing', async () => {
    let before = await connect({ localAddress: SERVERS_ADDRESS })
    await expect.poll(before.received).toBe('hello')
    proxy.isolate()
    before.socket.write('!')
    let meanwhile = await connect({ localAddress: SERVERS_ADDRESS })
    let client = await connect()
    await expect.poll(client.received).toBe('hello')
    await sleep(A_WHILE)
    expect([before.received(), meanwhile.received()]).toEqual(['hello', ''])

    let closed = [before, meanwhile].map(({ socket }) => once(socket, 'close'))
    proxy.rejoin()
    await Promise.all(closed)
    let after = await connect({ localAddress: SERVERS_ADDRESS })
    await expect.poll(after.received).toBe('hello')
    client.socket.write('!')
    await expect.poll(client.received).toBe('hello!')
  })
}
