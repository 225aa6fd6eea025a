/** TypeScript finds the types, however it looks for them. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

import { run } from './support/command.ts'
import { install, installedProject } from './support/project.ts'

const TSC = path.resolve(import.meta.dirname, '../../node_modules/typescript/bin/tsc')

test.each([
  ['node16', 'node16'],
  ['esnext', 'bundler'],
])('module %s, moduleResolution %s', async (module, moduleResolution) => {
  let folder = await installedProject()
  await install(folder, ['@types/node@24'])
  writeFileSync(
    path.join(folder, 'app.ts'),
    `import type { SessionStorage } from '@remix-run/session'
     import { createRedisSessionStorage, type RedisSessionStorage } from 'remix-session-storage-redis'
     let storage: RedisSessionStorage = createRedisSessionStorage({ url: 'redis://localhost' })
     export let asRemixHasIt: SessionStorage = storage
     // @ts-expect-error There is no such option.
     createRedisSessionStorage({ url: 'redis://localhost', tll: 1 })
    `,
  )
  let options = ['--strict', '--noEmit', '--target', 'es2023', '--types', 'node']
  let kind = ['--module', module, '--moduleResolution', moduleResolution]

  let { output } = await run(process.execPath, [TSC, ...options, ...kind, 'app.ts'], {
    cwd: folder,
  })
  expect(output).toBe('')
})
