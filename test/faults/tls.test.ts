/** What users of `rediss://` are told when the two ends do not agree. */
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'

import { createRedisSessionStorage, type TlsOptions } from 'remix-session-storage-redis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'

import { freePort, startRedisServer } from '../../scripts/redis-server.js'
import { makeCertificates, type Certificates } from '../support/certificates.ts'
import { failure, SLACK, stored, valueOf } from '../support/failure.ts'

type RedisServer = Awaited<ReturnType<typeof startRedisServer>>

/** Long enough that a failure before it was not the deadline's doing. */
const LONG = 5000

let certificates: Certificates
let server: RedisServer
let plainPort: number
let tlsPort: number

beforeAll(async () => {
  certificates = await makeCertificates()
  let { ca, server: own } = certificates
  tlsPort = await freePort()
  let files = [
    '--tls-cert-file',
    own.certFile,
    '--tls-key-file',
    own.keyFile,
    '--tls-ca-cert-file',
    ca.certFile,
  ]
  let args = ['--tls-port', String(tlsPort), ...files, '--tls-auth-clients', 'optional']
  server = await startRedisServer({ args })
  plainPort = server.port
})
afterAll(async () => {
  await server.stop()
  await certificates.remove()
})

function open(url: string, tls?: TlsOptions, timeout = LONG) {
  let storage = createRedisSessionStorage({ url, tls, timeout })
  onTestFinished(() => storage.close())
  return storage
}

test.each(['localhost', '127.0.0.1'])(
  'sessions are kept over TLS, with %s checked against the certificate',
  async (host) => {
    let storage = open(`rediss://${host}:${tlsPort}`, { ca: certificates.ca.cert })

    expect(await valueOf(storage, await stored(storage, 'x'.repeat(100_000)))).toHaveLength(100_000)
  },
)

test.each<[string, () => TlsOptions | undefined]>([
  ['an authority that the system does not know', () => undefined],
  ['an authority other than the one that was passed', () => ({ ca: certificates.otherCa.cert })],
  ['another host name', () => ({ ca: certificates.ca.cert, serverName: 'sessions.example.com' })],
])('a certificate of %s is refused at once', async (_, tls) => {
  let { error, duration } = await failure(open(`rediss://localhost:${tlsPort}`, tls()).read('id'))

  expect(error.code).toBe('CONNECT')
  expect(error.message).toContain(`localhost:${tlsPort}`)
  expect(error.message).toContain('certificate is not trusted')
  expect(duration).toBeLessThan(SLACK)
})

test('any certificate is taken with rejectUnauthorized: false', async () => {
  let storage = open(`rediss://localhost:${tlsPort}`, { rejectUnauthorized: false })

  expect(await valueOf(storage, await stored(storage, 'here'))).toBe('here')
})

// A plain Redis takes the client's hello for the start of a line, and may wait for its end.
test('a Redis without TLS behind rediss:// is told at the deadline at the latest', async () => {
  let { error, duration } = await failure(
    open(`rediss://localhost:${plainPort}`, { ca: certificates.ca.cert }, 300).read('id'),
  )

  expect(error.code).toBe('CONNECT')
  expect(error.message).toContain(`localhost:${plainPort}`)
  expect(error.message).toContain('TLS')
  expect(duration).toBeLessThan(300 + SLACK)
})

test('a Redis with TLS behind redis:// is told at the deadline at the latest', async () => {
  let { error, duration } = await failure(
    open(`redis://localhost:${tlsPort}`, undefined, 300).read('id'),
  )

  expect(error.code).toBe('CONNECT')
  expect(error.message).toContain(`localhost:${tlsPort}`)
  expect(error.message).toContain('TLS')
  expect(duration).toBeLessThan(300 + SLACK)
})

test('a server that wants a client certificate gets it, and refuses those without', async () => {
  let port = await freePort()
  let { ca, client, server: own } = certificates
  let files = ['--tls-cert-file', own.certFile, '--tls-key-file', own.keyFile]
  let args = ['--tls-port', String(port), ...files, '--tls-ca-cert-file', ca.certFile]
  let strict = await startRedisServer({ port: 0, args })
  onTestFinished(() => strict.stop())

  let identity = { ca: ca.cert, cert: client.cert, key: client.key }
  let storage = open(`rediss://localhost:${port}`, identity)
  expect(await valueOf(storage, await stored(storage, 'here'))).toBe('here')

  let stranger = open(`rediss://localhost:${port}`, { ca: ca.cert })
  let { error, duration } = await failure(stranger.read('id'))
  expect(error.code).toBe('CONNECT')
  expect(error.message).toContain('TLS')

  expect(duration).toBeLessThan(SLACK)
})

test('a self-signed certificate is taken where it is passed itself, and only for its name', async () => {
  let port = await freePort()
  let { selfSigned, otherCa } = certificates
  let files = ['--tls-cert-file', selfSigned.certFile, '--tls-key-file', selfSigned.keyFile]
  let args = ['--tls-port', String(port), ...files, '--tls-auth-clients', 'no']
  let own = await startRedisServer({ port: 0, args })
  onTestFinished(() => own.stop())

  let storage = open(`rediss://localhost:${port}`, { ca: selfSigned.cert })
  expect(await valueOf(storage, await stored(storage, 'here'))).toBe('here')
  for (let [host, ca] of [
    ['127.0.0.1', selfSigned.cert],
    ['localhost', otherCa.cert],
  ] as const) {
    let { error } = await failure(open(`rediss://${host}:${port}`, { ca }).read('id'))
    expect(error.message).toContain('certificate is not trusted')
  }
})

test.each([
  ['rediss', 'does it expect no TLS (redis://)?'],
  ['redis', 'does it expect TLS (rediss://)?'],
])(
  'a server that hangs up on %s:// is told with a hint for the other way',
  async (scheme, hint) => {
    let server = createServer((socket) => socket.end())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    let { port } = server.address() as AddressInfo
    let { error } = await failure(open(`${scheme}://127.0.0.1:${port}`, undefined, 300).read('id'))

    expect(error.message).toContain(hint)
  },
)
