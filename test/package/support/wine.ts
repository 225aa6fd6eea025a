/** Windows programs on Linux. */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'

import { findProgram } from '../../../scripts/programs.js'
import { mustRun, run } from './command.ts'
import { compile } from './zig.ts'

const PREFIX = path.resolve(import.meta.dirname, '../../../target/wine')

const ENVIRONMENT = {
  WINEPREFIX: PREFIX,
  WINEDEBUG: '-all',
  // Wine says that it is an older Windows than it is.
  NODE_SKIP_PLATFORM_CHECK: '1',
}

export function hasWine(): boolean {
  return findProgram(['wine']) !== undefined
}

/** Runs a Windows program, and returns what it printed. */
export async function mustRunOnWindows(
  program: string,
  args: string[],
  cwd: string,
): Promise<string> {
  let wine = findProgram(['wine'])!
  await prepare(wine)
  // Node cannot use the pipes of another system as its output, but a file.
  let output = path.join(cwd, 'output.txt')
  rmSync(output, { force: true })
  let command = [`Z:${program.replaceAll('/', '\\')}`, ...args].join(' ')
  let line = `${command} > output.txt 2>&1 < NUL`
  let { isOk } = await run(wine, ['cmd', '/c', line], { cwd, env: ENVIRONMENT })
  let printed = existsSync(output) ? readFileSync(output, 'utf8').trim() : ''
  if (!isOk) throw new Error(`${line} failed:\n${printed}`)
  return printed
}

/** Makes a Windows, with the library in it that Wine does not have before version 9. */
async function prepare(wine: string): Promise<void> {
  let library = path.join(PREFIX, 'drive_c/windows/system32/bcryptprimitives.dll')
  if (existsSync(library)) return

  await mustRun(wine, ['cmd', '/c', 'exit'], { cwd: import.meta.dirname, env: ENVIRONMENT })
  await compile('bcryptprimitives.c', 'x86_64-windows-gnu', library, ['-shared', '-ladvapi32'])
}
