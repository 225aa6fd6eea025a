/** An app on the `remix` package keeps its sessions with ours. */
import { copyFileSync } from 'node:fs'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

import { mustRun } from './support/command.ts'
import { install, installedProject } from './support/project.ts'
import { NATIVE, programOf } from './support/runtimes.ts'
import { startServers } from './support/servers.ts'

test('remix 3.0.0-beta.0: its session middleware and cookies, on Node 24', async () => {
  let servers = await startServers()
  onTestFinished(() => servers.stop())
  let folder = await installedProject()
  await install(folder, ['remix@3.0.0-beta.0'])
  let app = path.join(folder, 'remix-app.mjs')
  copyFileSync(path.join(import.meta.dirname, 'fixtures/remix-app.mjs'), app)

  let node = await programOf(NATIVE.find(({ name }) => name === 'Node 24')!)
  expect(await mustRun(node, [app, servers.plain], { cwd: folder })).toBe(
    'visit 1\nvisit 2\nvisit 3',
  )
})
