/** JavaScript runtimes of many kinds and versions: npm has them all. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'

import { mustRun } from './command.ts'

export interface Runtime {
  name: string
  /** The npm package that is the program, and its file in there. */
  package: string
  file: string
  /** What stands between the program and the script. */
  args: string[]
}

const CACHE = path.resolve(import.meta.dirname, '../../../target/runtimes')

const node = (name: string, version: string, platform: string): Runtime => ({
  name,
  package: `node-${platform}@${version}`,
  file: platform.startsWith('win') ? 'bin/node.exe' : 'bin/node',
  args: [],
})
/** What runs on an x64 Linux with glibc. */
export const NATIVE: Runtime[] = [
  node('Node 20', '20.20.2', 'linux-x64'),
  node('Node 22', '22.23.3', 'linux-x64'),
  node('Node 24', '24.21.0', 'linux-x64'),
  node('Node 26', '26.10.0', 'linux-x64'),
  { name: 'Bun', package: '@oven/bun-linux-x64-baseline@1.4.5', file: 'bin/bun', args: [] },
  { name: 'Deno', package: '@deno/linux-x64-glibc@2.9.6', file: 'deno', args: ['run', '-A'] },
]

export const NODE_ARM64 = node('Node 22 for arm64', '22.23.3', 'linux-arm64')
export const NODE_WINDOWS = node('Node 22 for Windows', '22.22.2', 'win-x64')

/** Gives the path of a runtime's program, which is fetched once. */
export async function programOf(runtime: Runtime): Promise<string> {
  let folder = path.join(CACHE, runtime.package.replace(/[@/]/g, '_'))
  if (!existsSync(folder)) {
    let fresh = `${folder}-${process.pid}`
    mkdirSync(fresh, { recursive: true })
    // Unlike `npm install`, it does not mind that a package is another platform's.
    let tarball = await mustRun('npm', ['pack', '--silent', runtime.package], { cwd: fresh })
    await mustRun('tar', ['xzf', tarball.split('\n').at(-1)!, '--strip-components=1'], {
      cwd: fresh,
    })
    try {
      renameSync(fresh, folder)
    } catch (error) {
      // Another test was first.
      if (!existsSync(folder)) throw error
    }
    rmSync(fresh, { recursive: true, force: true })
  }
  return path.join(folder, runtime.file)
}
