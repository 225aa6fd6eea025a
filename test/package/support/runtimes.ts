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

/** The newest of a major version: not every platform has the same ones. */
const node = (version: number, platform: string, name = `Node ${version}`): Runtime => ({
  name,
  package: `node-${platform}@${version}`,
  file: platform.startsWith('win') ? 'bin/node.exe' : 'bin/node',
  args: [],
})

/** What this machine's platform is to those who make packages of runtimes. */
const HOST = `${process.platform}-${process.arch}`
const BUN = {
  'darwin-arm64': 'darwin-aarch64',
  'darwin-x64': 'darwin-x64-baseline',
  'linux-arm64': 'linux-aarch64',
  'linux-x64': 'linux-x64-baseline',
}[HOST]
const DENO = process.platform === 'linux' ? `${HOST}-glibc` : HOST

/** The one to use where any will do. */
export const NODE = node(24, HOST)

/** What runs on this machine. */
export const NATIVE: Runtime[] = [
  node(20, HOST),
  node(22, HOST),
  NODE,
  node(26, HOST),
  { name: 'Bun', package: `@oven/bun-${BUN}@1.4.5`, file: 'bin/bun', args: [] },
  { name: 'Deno', package: `@deno/${DENO}@2.9.6`, file: 'deno', args: ['run', '-A'] },
]

export const NODE_ARM64 = node(22, 'linux-arm64', 'Node 22 for arm64')
export const NODE_WINDOWS = node(22, 'win-x64', 'Node 22 for Windows')

/** Returns the path of a runtime's program, which is fetched once. */
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
