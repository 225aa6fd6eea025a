/** What somebody is told for whom no binary fits, and what works for them all the same. */
import { cpSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'

import { mustRun } from './support/command.ts'
import { emptyProject, install, installedProject, REMIX } from './support/project.ts'
import { NODE, programOf } from './support/runtimes.ts'
import { startServers, type Servers } from './support/servers.ts'

const PACKAGE = 'remix-session-storage-redis'

let servers: Servers
let node: string
beforeAll(async () => {
  servers = await startServers()
  node = await programOf(NODE)
})
afterAll(() => servers.stop())

/** Prints how creating a storage with a URL fails. */
const CREATE = `
  import { createRedisSessionStorage } from '${PACKAGE}'
  try {
    createRedisSessionStorage({ url: 'redis://localhost' })
    console.log('created')
  } catch (error) {
    console.log(error.name, error.code, error.message)
  }
`

/** Makes the process believe that it runs elsewhere. */
function pretend(platform: string, arch: string): string[] {
  let code =
    `Object.defineProperty(process, 'platform', { value: '${platform}' });` +
    `Object.defineProperty(process, 'arch', { value: '${arch}' })`
  return ['--import', `data:text/javascript,${encodeURIComponent(code)}`]
}

function create(folder: string, flags: string[] = []): Promise<string> {
  return mustRun(node, [...flags, '--input-type=module', '-e', CREATE], { cwd: folder })
}

describe('without the platform’s package', () => {
  test('the error names the platform, and the command in it fixes the installation', async () => {
    let folder = emptyProject()
    await install(folder, ['--omit=optional', inject('main'), ...REMIX])

    let output = await create(folder)

    let name = `${PACKAGE}-${inject('host')}`
    expect(output).toContain('RedisSessionStorageError NATIVE')
    expect(output).toContain(`This is ${inject('host')} (Node 24.`)
    let [, command, wanted] = /Run: (npm install) (\S+) /.exec(output) ?? []
    expect(command).toBe('npm install')
    expect(wanted).toMatch(new RegExp(`^${name}@\\d+\\.\\d+\\.\\d+$`))

    // As the registry will have it.
    await install(folder, ['--omit=optional', inject('platforms')[inject('host')]!])
    expect(await create(folder)).toBe('created')
  })

  test('an app that passes a client works', async () => {
    let folder = emptyProject()
    await install(folder, ['--omit=optional', inject('main'), 'redis@6', ...REMIX])
    let script = `
      import { createClient } from 'redis'
      import { createRedisSessionStorage } from '${PACKAGE}'
      let client = await createClient({ url: '${servers.plain}' }).connect()
      let storage = createRedisSessionStorage({ client })
      let session = await storage.read(null)
      session.set('cart', 1)
      let id = await storage.save(session)
      console.log((await storage.read(id)).get('cart'))
      client.destroy()
    `

    for (let flags of [[], pretend('freebsd', 'riscv64')]) {
      let output = await mustRun(node, [...flags, '--input-type=module', '-e', script], {
        cwd: folder,
      })
      expect(output).toBe('1')
    }
  })
})

test('node_modules from another platform: the error names this one', async () => {
  let folder = await installedProject()

  let output = await create(folder, pretend('darwin', 'arm64'))

  expect(output).toContain('NATIVE')
  expect(output).toContain('This is darwin-arm64')
  expect(output).toContain(`npm install ${PACKAGE}-darwin-arm64@`)
})

test('a platform that there is no package for: the error says how to build', async () => {
  let folder = await installedProject()

  let output = await create(folder, pretend('freebsd', 'x64'))

  expect(output).toContain('This is freebsd-x64')
  expect(output).toContain('there is no package for it')
  expect(output).toContain('from source')
  expect(output).toContain('{ client }')
})

test('a binary that does not load: the error says why', async () => {
  let folder = await installedProject()
  let file = path.join(folder, `node_modules/${PACKAGE}-${inject('host')}/session-store.node`)
  expect(existsSync(file)).toBe(true)
  // As the binary of another C library, it is there and its loader will not have it.
  rmSync(file)
  writeFileSync(file, 'not a library')

  let output = await create(folder)

  expect(output).toContain('NATIVE')
  expect(output).toMatch(/does not load: .*(too short|invalid|not a)/)
})

test('node_modules from a machine with another C library: the error names this one', async () => {
  let folder = await installedProject()
  let file = path.join(folder, `node_modules/${PACKAGE}-${inject('host')}/session-store.node`)
  rmSync(file)
  writeFileSync(file, 'not a library')
  // What Node says on Alpine.
  let musl = 'process.report.getReport = () => ({ header: {} })'
  let flags = ['--import', `data:text/javascript,${encodeURIComponent(musl)}`]

  let output = await create(folder, [...pretend('linux', 'x64'), ...flags])

  expect(output).toContain('This is linux-x64-musl')
  expect(output).toContain(`npm install ${PACKAGE}-linux-x64-musl@`)
})

test('built from source: a checkout can be installed as it is', async () => {
  let checkout = path.resolve(import.meta.dirname, '../..')
  let built = emptyProject()
  for (let part of ['dist', 'npm', 'package.json', 'node_modules/@remix-run/session']) {
    cpSync(path.join(checkout, part), path.join(built, part), { recursive: true })
  }
  let folder = emptyProject()
  await install(folder, [...REMIX, built])

  expect(await create(folder)).toBe('created')
})
