/** A bundled app keeps its sessions, as README says to bundle it. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { mustRun } from './support/command.ts'
import { installedProject } from './support/project.ts'
import { NATIVE, programOf } from './support/runtimes.ts'
import { startServers, type Servers } from './support/servers.ts'
import { readFileSync } from 'node:fs'

const TOOLS = path.join(import.meta.dirname, 'node_modules')
const PACKAGE = 'remix-session-storage-redis'

let servers: Servers
let node: string
beforeAll(async () => {
  servers = await startServers()
  node = await programOf(NATIVE.find(({ name }) => name === 'Node 24')!)
})
afterAll(() => servers.stop())

async function app(): Promise<string> {
  let folder = await installedProject()
  let fixture = path.join(import.meta.dirname, 'fixtures/roundtrip.mjs')
  writeFileSync(path.join(folder, 'app.mjs'), readFileSync(fixture))
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
  let args = ['app.mjs', '--bundle', '--platform=node', '--format=esm', '--outfile=out/app.mjs']
  await mustRun(esbuild, [...args, ...flags], { cwd: folder })

  await expectToWork(folder, 'out/app.mjs')
})

test('Vite: a server build leaves it external by itself', async () => {
  let folder = await app()
  let vite = path.join(TOOLS, 'vite/bin/vite.js')
  await mustRun(process.execPath, [vite, 'build', '--ssr', 'app.mjs', '--outDir', 'out'], {
    cwd: folder,
  })

  await expectToWork(folder, 'out/app.js')
})

test('Rollup: external', async () => {
  let folder = await app()
  let rollup = path.join(TOOLS, 'rollup/dist/bin/rollup')
  let args = ['app.mjs', '--format', 'es', '--external', `${PACKAGE},node:fs`]
  await mustRun(process.execPath, [rollup, ...args, '--file', 'out/app.mjs'], { cwd: folder })

  await expectToWork(folder, 'out/app.mjs')
})
