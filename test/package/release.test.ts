/** One command gives every package and crate its new version. */
import { readdirSync, readFileSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

import { findProgram } from '../../scripts/system-package.js'
import { mustRun, run } from './support/command.ts'
import { emptyProject } from './support/project.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

test('a release sets all versions and dates the CHANGELOG, once', async () => {
  let checkout = path.join(emptyProject(), 'checkout')
  await mustRun(findProgram(['git'])!, ['clone', '--quiet', ROOT, checkout], { cwd: ROOT })
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(checkout, 'node_modules'))
  // It brings Cargo.lock up to date.
  let env = { PATH: process.env.PATH! }
  let release = (version: string) =>
    run(process.execPath, ['scripts/release.js', version], { cwd: checkout, env })

  expect(await release('77.8.9')).toMatchObject({ isOk: true })

  let versionIn = (file: string) =>
    JSON.parse(readFileSync(path.join(checkout, file), 'utf8')).version
  let manifests = readdirSync(path.join(checkout, 'npm')).map((name) => `npm/${name}/package.json`)
  for (let file of ['package.json', 'package-lock.json', ...manifests]) {
    expect([file, versionIn(file)]).toEqual([file, '77.8.9'])
  }
  for (let [file, count] of Object.entries({ 'Cargo.toml': 1, 'Cargo.lock': 3 })) {
    let text = readFileSync(path.join(checkout, file), 'utf8')
    expect(text.match(/^version = "77\.8\.9"$/gm)).toHaveLength(count)
  }
  let changelog = readFileSync(path.join(checkout, 'CHANGELOG.md'), 'utf8')
  expect(changelog).toMatch(/^## 77\.8\.9 \(\d{4}-\d\d-\d\d\)$/m)

  let again = await release('77.9.0')
  expect(again.isOk).toBe(false)
  expect(again.output).toContain('is released already')
})
