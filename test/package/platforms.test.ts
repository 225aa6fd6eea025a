/**
 * Each platform's addon is what it says it is; those that can be run here are, on an emulated
 * processor or operating system where need be. What a machine has no means to run is skipped by name.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'

import { findProgram } from '../../scripts/programs.js'
import { PLATFORMS, type Platform } from '../../scripts/build/platforms.js'
import { mustRun } from './support/command.ts'
import { countBrokenPages } from './support/mach-o.ts'
import { addFixture, emptyProject, install, REMIX } from './support/project.ts'
import { NODE_ARM64, NODE_WINDOWS, programOf } from './support/runtimes.ts'
import { startServers, type Servers } from './support/servers.ts'
import { hasWine, mustRunOnWindows } from './support/wine.ts'
import { compile } from './support/zig.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

function addonOf(name: string): string {
  return path.join(ROOT, `npm/${name}/session-store.node`)
}

function readelf(...args: string[]): Promise<string> {
  return mustRun('readelf', ['--wide', ...args], { cwd: ROOT })
}

function objdump(...args: string[]): Promise<string> {
  // That of macOS is LLVM's.
  let names = process.platform === 'darwin' ? ['objdump'] : ['llvm-objdump', 'llvm-objdump-14']
  let program = findProgram(names)
  if (program === undefined) throw new Error('llvm-objdump is needed, from the package llvm')
  return mustRun(program, args, { cwd: ROOT })
}

/** What the operating system has, of which alone an addon may ask for more. */
const LIBRARIES = {
  glibc: /^(libc|libm|libdl|libpthread|librt|libutil|ld-linux-x86-64|ld-linux-aarch64)\.so/,
  musl: /^libc\.so$/,
  darwin: /^\/(usr\/lib|System\/Library\/Frameworks)\//,
  win32: /^(advapi32|bcrypt|bcryptprimitives|crypt32|kernel32|ntdll|ws2_32|api-ms-win-.*)\.dll$/i,
}

function expectOnly(found: Iterable<RegExpMatchArray>, allowed: RegExp): void {
  let names = [...found].map(([, name]) => name!)
  expect(names.length).toBeGreaterThan(0)
  expect(names.filter((name) => !allowed.test(name))).toEqual([])
}

describe.each(Object.keys(inject('platforms')))('the addon for %s', (name) => {
  let { os, cpu, libc } = PLATFORMS[name] as Platform
  let file = addonOf(name)

  test('is smaller than 3 MB', () => {
    expect(statSync(file).size).toBeLessThan(3_000_000)
  })

  test('holds no path of the machine that built it', () => {
    let text = readFileSync(file, 'latin1')
    let paths = [ROOT, homedir() + path.sep].filter((path) => text.includes(path))
    expect(paths).toEqual([])
  })

  if (libc) {
    test('is a library for that processor, and asks for the C library only', async () => {
      let header = await readelf('--file-header', file)
      expect(header).toContain('DYN (Shared object file)')
      expect(header).toContain(cpu === 'x64' ? 'X86-64' : 'AArch64')
      expect(await readelf('--dyn-syms', file)).toContain('napi_register_module_v1')
      let dynamic = await readelf('--dynamic', file)
      expectOnly(dynamic.matchAll(/NEEDED.*\[(.+)\]/g), LIBRARIES[libc as 'glibc' | 'musl'])
    })
  }

  if (libc === 'glibc') {
    test('needs no glibc newer than 2.17', async () => {
      let symbols = await readelf('--version-info', file)
      let minors = [...symbols.matchAll(/GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor))
      expect(minors.length).toBeGreaterThan(0)
      expect(Math.max(...minors)).toBeLessThanOrEqual(17)
    })
  }

  if (os === 'darwin') {
    test('is a signed library for that processor, and asks for the system’s only', async () => {
      let headers = await objdump('--macho', '--private-headers', file)
      expect(headers).toMatch(cpu === 'x64' ? /X86_64 .* DYLIB/ : /ARM64 .* DYLIB/)
      expectOnly(headers.matchAll(/cmd LC_LOAD_DYLIB[\s\S]*?name (\S+)/g), LIBRARIES.darwin)
      // An Apple processor runs nothing that is not signed, if only by nobody.
      expect(cpu === 'arm64' ? countBrokenPages(readFileSync(file)) : 0).toBe(0)
    })
  }

  if (os === 'win32') {
    test('is a library for that processor, and asks for the system’s only', async () => {
      let headers = await objdump('--private-headers', file)
      expect(headers).toContain(cpu === 'x64' ? 'coff-x86-64' : 'coff-arm64')
      expect(headers).toContain('napi_register_module_v1')
      expectOnly(headers.matchAll(/DLL Name: (\S+)/g), LIBRARIES.win32)
    })
  }
})

/** Returns a project with the package installed as on that platform. */
async function projectFor(name: string): Promise<string> {
  let folder = emptyProject()
  let { os, cpu } = PLATFORMS[name] as Platform
  // That it is another platform's package is the point.
  let platform = [`--os=${os}`, `--cpu=${cpu}`, '--force']
  await install(folder, [...platform, inject('main'), inject('platforms')[name]!, ...REMIX])
  addFixture(folder, 'roundtrip.mjs')
  return folder
}

const isX64 = process.platform === 'linux' && process.arch === 'x64'
const has = (name: string) => isX64 && name in inject('platforms')

test.runIf(has('linux-x64-musl') && existsSync('/lib/ld-musl-x86_64.so.1'))(
  'musl’s loader loads the addon for linux-x64-musl',
  async () => {
    let program = path.join(emptyProject(), 'load')
    await compile('load.c', 'x86_64-linux-musl', program, ['-dynamic'])

    expect(await mustRun(program, [addonOf('linux-x64-musl')], { cwd: ROOT })).toBe(
      'The addon is loaded',
    )
  },
)

describe('runs a session', () => {
  let servers: Servers
  beforeAll(async () => {
    servers = await startServers()
  })
  afterAll(() => servers.stop())

  const qemu = findProgram(['qemu-aarch64', 'qemu-aarch64-static'])
  const armRoot = '/usr/aarch64-linux-gnu'
  test.runIf(has('linux-arm64-gnu') && qemu !== undefined && existsSync(armRoot))(
    'linux-arm64-gnu on an emulated processor, on Node 22',
    async () => {
      let args = ['-L', armRoot, await programOf(NODE_ARM64), 'roundtrip.mjs', ...servers.args]
      let cwd = await projectFor('linux-arm64-gnu')

      expect(await mustRun(qemu!, args, { cwd })).toBe('The session came back')
    },
  )

  test.runIf(has('win32-x64') && hasWine())('win32-x64 under Wine, on Node 22', async () => {
    let cwd = await projectFor('win32-x64')
    let args = ['roundtrip.mjs', ...servers.args]

    expect(await mustRunOnWindows(await programOf(NODE_WINDOWS), args, cwd)).toBe(
      'The session came back',
    )
  })
})
