/** One command sets the version of every package and crate. */
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

import { findProgram } from '../../scripts/programs.js'
import { mustRun, run } from './support/command.ts'
import { emptyProject } from './support/project.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

/** The sources as they are, in a folder of the test's own. */
async function copyOfCheckout(): Promise<string> {
  let checkout = path.join(emptyProject(), 'checkout')
  let args = ['ls-files', '--cached', '--others', '--exclude-standard']
  let files = (await mustRun(findProgram(['git'])!, args, { cwd: ROOT })).split('\n')
  for (let file of files) cpSync(path.join(ROOT, file), path.join(checkout, file))
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(checkout, 'node_modules'))
  return checkout
}

function runScript(checkout: string, ...args: string[]) {
  // The release brings Cargo.lock up to date.
  return run(process.execPath, args, { cwd: checkout, env: { PATH: process.env.PATH! } })
}

const release = (checkout: string, version: string) =>
  runScript(checkout, 'scripts/release/release.js', version)

const REPOSITORY = 'git+https://github.com/acme/remix-session-storage-redis.git'

function nameRepository(checkout: string): void {
  let file = path.join(checkout, 'package.json')
  let text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace(/"url": ".*"/, `"url": "${REPOSITORY}"`))
}

test('nothing is released or published before the repository has a real address', async () => {
  let checkout = await copyOfCheckout()
  let manifest = readFileSync(path.join(checkout, 'package.json'), 'utf8')
  let refusal = {
    isOk: false,
    output: expect.stringMatching(/"repository" in package\.json is still a placeholder.*"url"/),
  }

  expect(await release(checkout, '77.8.9')).toMatchObject(refusal)
  expect(readFileSync(path.join(checkout, 'package.json'), 'utf8')).toBe(manifest)
  expect(await runScript(checkout, 'scripts/release/publish.js', '--provenance')).toMatchObject(
    refusal,
  )
})

test('a release sets all versions and dates the CHANGELOG, once', async () => {
  let checkout = await copyOfCheckout()
  nameRepository(checkout)

  expect(await release(checkout, '77.8.9')).toMatchObject({ isOk: true })

  let read = (file: string) => JSON.parse(readFileSync(path.join(checkout, file), 'utf8'))
  let manifests = readdirSync(path.join(checkout, 'npm')).map((name) => `npm/${name}/package.json`)
  for (let file of ['package.json', 'package-lock.json', ...manifests]) {
    expect([file, read(file).version]).toEqual([file, '77.8.9'])
  }
  for (let file of manifests) {
    expect([file, read(file).repository.url]).toEqual([file, REPOSITORY])
  }
  for (let [file, count] of Object.entries({ 'Cargo.toml': 1, 'Cargo.lock': 3 })) {
    let text = readFileSync(path.join(checkout, file), 'utf8')
    expect(text.match(/^version = "77\.8\.9"$/gm)).toHaveLength(count)
  }
  let changelog = readFileSync(path.join(checkout, 'CHANGELOG.md'), 'utf8')
  expect(changelog).toMatch(/^## 77\.8\.9 \(\d{4}-\d\d-\d\d\)$/m)

  let again = await release(checkout, '77.9.0')
  expect(again.isOk).toBe(false)
  expect(again.output).toContain('is released already')
})
