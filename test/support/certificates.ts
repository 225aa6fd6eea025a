/** Certificates for tests of TLS, made on the fly: nothing that expires is kept in the repository. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A certificate and its key: the paths of their files, and the PEM texts in them. */
export interface Certificate {
  certFile: string
  keyFile: string
  cert: string
  key: string
}

export interface Certificates {
  ca: Certificate
  /** For `localhost` and 127.0.0.1, signed by `ca`. */
  server: Certificate
  /** Signed by `ca`. */
  client: Certificate
  /** An authority that has signed none of the others. */
  otherCa: Certificate
  /** For `localhost`, signed by itself, and an authority as far as it is concerned. */
  selfSigned: Certificate
  remove(): Promise<void>
}

/** Makes an authority, what it signs, and a second authority; needs the `openssl` command. */
export async function makeCertificates(): Promise<Certificates> {
  let folder = await mkdtemp(path.join(tmpdir(), 'certificates-'))

  async function make(name: string, args: string[], extensions?: string): Promise<Certificate> {
    let certFile = path.join(folder, `${name}.crt`)
    let keyFile = path.join(folder, `${name}.key`)
    let request = path.join(folder, `${name}.csr`)
    let key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile]
    let subject = ['-subj', `/CN=${name}`]
    if (extensions === undefined) {
      await run('openssl', [
        'req',
        '-x509',
        ...key,
        ...subject,
        ...args,
        '-days',
        '2',
        '-out',
        certFile,
      ])
    } else {
      let extensionsFile = path.join(folder, `${name}.ext`)
      await writeFile(extensionsFile, extensions)
      await run('openssl', ['req', '-new', ...key, ...subject, '-out', request])
      let output = ['-days', '2', '-extfile', extensionsFile, '-out', certFile]
      await run('openssl', ['x509', '-req', '-in', request, ...args, ...output])
    }
    let [certText, keyText] = await Promise.all([
      readFile(certFile, 'utf8'),
      readFile(keyFile, 'utf8'),
    ])
    return { certFile, keyFile, cert: certText, key: keyText }
  }

  let [ca, otherCa, selfSigned] = await Promise.all([
    make('test-ca', []),
    make('other-ca', []),
    make('self-signed', ['-addext', 'subjectAltName = DNS:localhost']),
  ])
  let signed = ['-CA', ca.certFile, '-CAkey', ca.keyFile]
  let [server, client] = await Promise.all([
    make(
      'test-server',
      [...signed, '-set_serial', '1'],
      'subjectAltName = DNS:localhost, IP:127.0.0.1\nextendedKeyUsage = serverAuth\n',
    ),
    make('test-client', [...signed, '-set_serial', '2'], 'extendedKeyUsage = clientAuth\n'),
  ])
  return { ca, server, client, otherCa, selfSigned, remove: () => rm(folder, { recursive: true }) }
}
