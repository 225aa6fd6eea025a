/** An app on the `remix` package keeps its sessions with ours. */
import { expect, onTestFinished, test } from 'vitest'

import { mustRun } from './support/command.ts'
import { addFixture, install, installedProject } from './support/project.ts'
import { NODE, programOf } from './support/runtimes.ts'
import { startServers } from './support/servers.ts'

test('remix 3.0.0-beta.0: its session middleware and cookies, on Node 24', async () => {
  let servers = await startServers()
  onTestFinished(() => servers.stop())
  let folder = await installedProject()
  await install(folder, ['remix@3.0.0-beta.0'])
  addFixture(folder, 'remix-app.mjs')

  let node = await programOf(NODE)
  expect(await mustRun(node, ['remix-app.mjs', servers.plain], { cwd: folder })).toBe(
    'visit 1\nvisit 2\nvisit 3',
  )
})
