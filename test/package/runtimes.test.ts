/** The package as it was installed keeps sessions in a real Redis, on every runtime. */
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'

import { mustRun, run } from './support/command.ts'
import { addFixture, install, REMIX, temporaryFolder } from './support/project.ts'
import { NATIVE, programOf } from './support/runtimes.ts'
import { startServers, type Servers } from './support/servers.ts'

let servers: Servers
let folder: string

beforeAll(async () => {
  servers = await startServers()
  folder = temporaryFolder()
  await install(folder, [inject('main'), inject('platforms')[inject('host')]!, ...REMIX])
  addFixture(folder, 'roundtrip.mjs')
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await servers.stop()
})

test('no Rust is at hand, so that none is needed', async () => {
  expect(await run('cargo', ['--version'], { cwd: folder })).toMatchObject({ isOk: false })
})

test.each(NATIVE)('a session comes back on $name, plain and over TLS', async (runtime) => {
  let program = await programOf(runtime)
  let args = [...runtime.args, 'roundtrip.mjs', ...servers.args]

  expect(await mustRun(program, args, { cwd: folder })).toBe('The session came back')
})

test.each(NATIVE.filter(({ name }) => ['Node 22', 'Node 24', 'Node 26'].includes(name)))(
  'CommonJS can require() it on $name',
  async (runtime) => {
    let script =
      `let { createRedisSessionStorage } = require('remix-session-storage-redis');` +
      `let storage = createRedisSessionStorage({ url: ${JSON.stringify(servers.plain)} });` +
      `storage.connect().then(() => console.log('connected'))`
    let program = await programOf(runtime)

    let output = await mustRun(program, ['--no-warnings', '--input-type=commonjs', '-e', script], {
      cwd: folder,
    })
    expect(output).toBe('connected')
  },
)
