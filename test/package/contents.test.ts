/** What is in the tarballs: all that is needed, nothing else, and not much of it. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, inject, test } from 'vitest'

import { PLATFORMS } from '../../scripts/build/platforms.js'
import { mustRun } from './support/command.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const TOOLS = path.join(import.meta.dirname, 'node_modules')

async function filesIn(tarball: string): Promise<string[]> {
  let output = await mustRun('tar', ['tzf', tarball], { cwd: ROOT })
  return output
    .split('\n')
    .map((line) => line.replace(/^package\//, ''))
    .toSorted()
}

function textIn(tarball: string, file: string): Promise<string> {
  return mustRun('tar', ['xzOf', tarball, `package/${file}`], { cwd: ROOT })
}

async function manifestIn(tarball: string) {
  return JSON.parse(await textIn(tarball, 'package.json'))
}

describe('the main package', () => {
  test('holds the bundle, what declares it, the sources and the documents', async () => {
    let entries = readdirSync(path.join(ROOT, 'src/lib'), { recursive: true, encoding: 'utf8' })
    let modules = entries.filter((name) => name.endsWith('.ts'))
    let sources = ['index.ts', ...modules.map((name) => `lib/${name}`)].flatMap((name) => {
      let base = `dist/${name.replace(/\.ts$/, '')}`
      return [`${base}.d.ts`, `${base}.d.ts.map`, `src/${name}`]
    })
    let bundle = ['dist/index.js', 'dist/index.js.map']
    let documents = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']

    expect(await filesIn(inject('main'))).toEqual([...bundle, ...sources, ...documents].toSorted())
  })

  test('has a source map that leads to the sources in it', async () => {
    let { sources } = JSON.parse(await textIn(inject('main'), 'dist/index.js.map'))
    let files = await filesIn(inject('main'))

    expect(sources).toContain('../src/lib/storage.ts')
    for (let source of sources) expect(files).toContain(path.posix.join('dist', source))
  })

  test('is smaller than 180 KB, has no install script, and depends on nothing but its peer', async () => {
    expect(statSync(inject('main')).size).toBeLessThan(180_000)
    let manifest = await manifestIn(inject('main'))
    expect(manifest).not.toHaveProperty('scripts')
    expect(manifest).not.toHaveProperty('dependencies')
    expect(manifest.peerDependencies).toEqual({ '@remix-run/session': '^0.4.0' })
  })

  test('names the package of every platform, in its own version', async () => {
    let { version, optionalDependencies } = await manifestIn(inject('main'))

    let names = Object.keys(PLATFORMS).map((name) => `remix-session-storage-redis-${name}`)
    expect(optionalDependencies).toEqual(Object.fromEntries(names.map((name) => [name, version])))
  })

  test('is what publint and are-the-types-wrong want', async () => {
    let attw = path.join(TOOLS, '@arethetypeswrong/cli/dist/index.js')
    let publint = path.join(TOOLS, 'publint/src/cli.js')

    await mustRun(process.execPath, [publint, 'run', inject('main'), '--strict'], { cwd: ROOT })
    // There is no CommonJS on purpose: Node ≥ 20.19 can require() modules.
    await mustRun(process.execPath, [attw, inject('main'), '--profile', 'esm-only'], { cwd: ROOT })
  })
})

test('there is a package for each platform that is built, and no other', () => {
  expect(readdirSync(path.join(ROOT, 'npm')).toSorted()).toEqual(Object.keys(PLATFORMS).toSorted())
})

describe.each(Object.entries(PLATFORMS))('the package for %s', (name, { os, cpu, libc }) => {
  let read = (file: string) => JSON.parse(readFileSync(path.join(ROOT, file), 'utf8'))

  test('is installed on that platform only, and says otherwise what the main package says', () => {
    let { version, license, engines, repository } = read('package.json')

    expect(read(`npm/${name}/package.json`)).toEqual({
      ...{ version, license, engines, repository },
      name: `remix-session-storage-redis-${name}`,
      description: expect.stringContaining('The native addon of remix-session-storage-redis for '),
      ...{ os: [os], cpu: [cpu], ...(libc ? { libc: [libc] } : {}) },
      main: 'session-store.node',
      files: ['session-store.node', 'THIRD-PARTY-LICENSES'],
    })
  })
})

describe.each(Object.entries(inject('platforms')))('the tarball for %s', (_, tarball) => {
  test('holds the addon and its licences', async () => {
    expect(await filesIn(tarball)).toEqual([
      'LICENSE',
      'THIRD-PARTY-LICENSES',
      'package.json',
      'session-store.node',
    ])
    let licenses = await mustRun('tar', ['xzOf', tarball, 'package/THIRD-PARTY-LICENSES'], {
      cwd: ROOT,
    })
    for (let crate of ['redis', 'napi', 'mio', 'rustls', 'ring']) {
      expect(licenses).toMatch(new RegExp(`^${crate} \\d`, 'm'))
    }
  })
})
