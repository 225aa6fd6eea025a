/** A bundled app keeps its sessions, as README says to bundle it. */
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { mustRun } from './support/command.ts'
import { addFixture, installedProject } from './support/project.ts'
import { NODE, programOf } from './support/runtimes.ts'
import { startServers, type Servers } from './support/servers.ts'

const TOOLS = path.join(import.meta.dirname, 'node_modules')
const PACKAGE = 'remix-session-storage-redis'

let servers: Servers
let node: string
beforeAll(async () => {
  servers = await startServers()
  node = await programOf(NODE)
})
afterAll(() => servers.stop())

async function app(): Promise<string> {
  let folder = await installedProject()
  addFixture(folder, 'roundtrip.mjs')
  return folder
}

async function expectToWork(folder: string, bundle: string): Promise<void> {
  let output = await mustRun(node, [bundle, ...servers.args], { cwd: folder })
  expect(output).toBe('The session came back')
}

test.each([
  ['external, as it should be', [`--external:${PACKAGE}`]],
  ['bundled, with node_modules beside the bundle', []],
])('esbuild: %s', async (_, flags) => {
  let folder = await app()
  let esbuild = path.join(TOOLS, 'esbuild/bin/esbuild')
  let args = [
    'roundtrip.mjs',
    '--bundle',
    '--platform=node',
    '--format=esm',
    '--outfile=out/app.mjs',
  ]
  await mustRun(esbuild, [...args, ...flags], { cwd: folder })

  await expectToWork(folder, 'out/app.mjs')
})

test('Vite: a server build leaves it external by itself', async () => {
  let folder = await app()
  let vite = path.join(TOOLS, 'vite/bin/vite.js')
  await mustRun(process.execPath, [vite, 'build', '--ssr', 'roundtrip.mjs', '--outDir', 'out'], {
    cwd: folder,
  })

  await expectToWork(folder, 'out/roundtrip.js')
})

test('Rollup: external', async () => {
  let folder = await app()
  let rollup = path.join(TOOLS, 'rollup/dist/bin/rollup')
  let args = ['roundtrip.mjs', '--format', 'es', '--external', `${PACKAGE},node:fs`]
  await mustRun(process.execPath, [rollup, ...args, '--file', 'out/app.mjs'], { cwd: folder })

  await expectToWork(folder, 'out/app.mjs')
})
