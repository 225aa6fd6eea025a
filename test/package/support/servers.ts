/** A real Redis, plain and over TLS, for what runs in other processes. */
import { freePort, startRedisServer } from '../../../scripts/redis-server.js'
import { makeCertificates } from '../../support/certificates.ts'

export interface Servers {
  /** What `fixtures/roundtrip.mjs` is told: two URLs, and the file of the authority. */
  args: string[]
  plain: string
  stop(): Promise<void>
}

export async function startServers(): Promise<Servers> {
  let certificates = await makeCertificates()
  let { ca, server: own } = certificates
  let tlsPort = await freePort()
  let files = ['--tls-cert-file', own.certFile, '--tls-key-file', own.keyFile]
  let server = await startRedisServer({
    args: [
      ...['--tls-port', String(tlsPort), '--tls-auth-clients', 'no'],
      ...[...files, '--tls-ca-cert-file', ca.certFile],
    ],
  })
  let plain = `redis://127.0.0.1:${server.port}`
  return {
    plain,
    args: [plain, `rediss://127.0.0.1:${tlsPort}`, ca.certFile],
    async stop() {
      await server.stop()
      await certificates.remove()
    },
  }
}
