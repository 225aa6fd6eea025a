/** The typings, as a user's compiler sees them. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const TSC = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))
const FIXTURE = fileURLToPath(new URL('fixture.ts', import.meta.url))

test.each([
  ['node16', 'node16'],
  ['esnext', 'bundler'],
])(
  'accept what is right and refuse what is wrong (module %s, resolution %s)',
  (module, resolution) => {
    let { stdout, status } = spawnSync(process.execPath, [
      TSC,
      ...['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--types', 'node'],
      ...['--target', 'es2023', '--lib', 'es2023,esnext.disposable'],
      ...['--module', module, '--moduleResolution', resolution],
      FIXTURE,
    ])

    expect(String(stdout)).toBe('')
    expect(status).toBe(0)
  },
)
