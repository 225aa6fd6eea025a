/** The ways in which a URL can reach Redis, and be let in. */
import path from 'node:path'

import { createClient } from 'redis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createRedisSessionStorage, type UrlOptions } from 'remix-session-storage-redis'

import { freePort, startRedisServer } from '../../scripts/redis-server.js'
import packageJson from '../../package.json' with { type: 'json' }
import { makeCertificates, type Certificates } from '../support/certificates.ts'
import { servers } from '../support/redis.ts'

let stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (let stop of stops.splice(0).toReversed()) await stop()
})

async function startServer(...args: string[]) {
  let server = await startRedisServer({ args })
  stops.push(() => server.stop())
  return server
}

/** Stores a session and reads it back; gives its id. */
async function expectRoundTrip(options: UrlOptions): Promise<string> {
  let storage = createRedisSessionStorage(options)
  stops.push(() => storage.close())
  let session = await storage.read(null)
  session.set('a', 1)
  await storage.save(session)
  expect((await storage.read(session.id)).get('a')).toBe(1)
  return session.id
}

function tlsArgs({ ca, server }: Certificates, port: number): string[] {
  return [
    ...['--tls-port', String(port), '--port', '0', '--tls-ca-cert-file', ca.certFile],
    ...['--tls-cert-file', server.certFile, '--tls-key-file', server.keyFile],
  ]
}

test('a host and a port', async () => {
  let { port } = await startServer()

  await expectRoundTrip({ url: `redis://localhost:${port}` })
  await expectRoundTrip({ url: `redis://127.0.0.1:${port}/` })
})

test('an IPv6 host', async () => {
  let { port } = await startServer('--bind', '127.0.0.1', '::1')

  await expectRoundTrip({ url: `redis://[::1]:${port}` })
})

test.each(servers)('servers can tell who is connected: $name', async ({ binary }) => {
  let server = await startRedisServer({ binary: binary() })
  stops.push(() => server.stop())
  await expectRoundTrip({ url: `redis://127.0.0.1:${server.port}` })

  let side = await createClient({ url: `redis://127.0.0.1:${server.port}` }).connect()
  let list = String(await side.sendCommand(['CLIENT', 'LIST']))
  side.destroy()
  expect(list).toContain(' name=remix-session-storage-redis ')
  // Redis keeps it from 7.2 on.
  let library = / lib-name=(remix\S*) lib-ver=(\d\S*)/.exec(list)
  expect(library?.slice(1)).toEqual(
    list.includes(' lib-name=') ? ['remix-session-storage-redis', packageJson.version] : undefined,
  )
})

test('a database number', async () => {
  let { port } = await startServer()
  let id = await expectRoundTrip({ url: `redis://127.0.0.1:${port}/3` })

  let side = await createClient({ url: `redis://127.0.0.1:${port}`, database: 3 }).connect()
  expect(await side.keys('*')).toEqual([`session:${id}`])
  side.destroy()
})

test.each(['hunter2', 'p@ss:w/rd?#%&+ ü'])('the password %j', async (password) => {
  let { port } = await startServer('--requirepass', password)

  await expectRoundTrip({ url: `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}` })
  await expectRoundTrip({
    url: `redis://default:${encodeURIComponent(password)}@127.0.0.1:${port}`,
  })
})

test('an ACL user, who may do no more than a session storage needs', async () => {
  let user = 'sessions@app:1'
  let { port } = await startServer()
  let side = await createClient({ url: `redis://127.0.0.1:${port}` }).connect()
  let rights =
    '~session:* +getex +get +set +del +expire +append +eval +evalsha +getrange +rename'.split(' ')
  await side.aclSetUser(user, ['on', '>p:w/d', '-@all', ...rights])

  let credentials = `${encodeURIComponent(user)}:${encodeURIComponent('p:w/d')}`
  let url = `redis://${credentials}@127.0.0.1:${port}`
  let id = await expectRoundTrip({ url })
  let storage = createRedisSessionStorage({ url })
  stops.push(() => storage.close())
  let session = await storage.read(id)
  session.regenerateId(true)
  expect(await storage.save(session)).toBe(session.id)
  session.destroy()
  expect(await storage.save(session)).toBe('')
  expect(await side.exists([`session:${id}`, `session:${session.id}`])).toBe(0)
  side.destroy()
})

test('a unix socket', async () => {
  let { directory } = await startServer('--unixsocket', 'redis.sock', '--requirepass', 'p&w')
  let url = `unix://${path.join(directory, 'redis.sock')}?db=2&pass=${encodeURIComponent('p&w')}`

  await expectRoundTrip({ url })
})

describe('TLS', () => {
  let certificates: Certificates
  let port: number
  let stop: () => Promise<unknown>
  beforeAll(async () => {
    certificates = await makeCertificates()
    port = await freePort()
    let args = [...tlsArgs(certificates, port), '--tls-auth-clients', 'optional']
    let server = await startRedisServer({ port: 0, args: [...args, '--requirepass', 'hunter2'] })
    stop = () => server.stop()
  })
  afterAll(async () => {
    await stop()
    await certificates.remove()
  })
  let url = (host: string) => `rediss://:hunter2@${host}:${port}`

  test('to a server whose authority is trusted', async () => {
    await expectRoundTrip({ url: url('localhost'), tls: { ca: certificates.ca.cert } })
    await expectRoundTrip({ url: url('127.0.0.1'), tls: { ca: certificates.ca.cert } })
  })

  test('to a server whose name is another than that of its host', async () => {
    let tls = { ca: certificates.ca.cert, serverName: 'localhost' }
    await expectRoundTrip({ url: url('127.0.0.1'), tls })

    let wrong = { ca: certificates.ca.cert, serverName: 'elsewhere' }
    await expect(expectRoundTrip({ url: url('localhost'), tls: wrong })).rejects.toMatchObject({
      code: 'CONNECT',
      message: expect.stringContaining('certificate'),
    })
  })

  test('to any server, when told not to verify it', async () => {
    await expectRoundTrip({ url: url('localhost'), tls: { rejectUnauthorized: false } })
  })

  test('carries large sessions', async () => {
    let storage = createRedisSessionStorage({
      url: url('localhost'),
      tls: { ca: certificates.ca.cert },
      maxBytes: 2 ** 23,
    })
    stops.push(() => storage.close())
    let sessions = await Promise.all(Array.from({ length: 8 }, () => storage.read(null)))
    sessions.forEach((session, i) => session.set('large', `${i}`.repeat(2 ** 20)))
    await Promise.all(sessions.map((session) => storage.save(session)))
    let read = await Promise.all(sessions.map(({ id }) => storage.read(id)))

    expect(read.every((session, i) => session.get('large') === `${i}`.repeat(2 ** 20))).toBe(true)
  })

  test('with a client certificate, where the server wants one', async () => {
    let strict = await freePort()
    let args = [...tlsArgs(certificates, strict), '--tls-auth-clients', 'yes']
    let server = await startRedisServer({ port: 0, args })
    stops.push(() => server.stop())
    let ca = certificates.ca.cert
    let { cert, key } = certificates.client

    await expectRoundTrip({ url: `rediss://localhost:${strict}`, tls: { ca, cert, key } })
    await expect(
      expectRoundTrip({ url: `rediss://localhost:${strict}`, tls: { ca }, timeout: 500 }),
    ).rejects.toMatchObject({ code: 'CONNECT' })
  })
})
