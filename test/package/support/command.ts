/** Programs that a test runs, as a user would. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { findProgram } from '../../../scripts/programs.js'

export interface Result {
  isOk: boolean
  /** What it printed, errors behind the rest. */
  output: string
}

export interface RunOptions {
  cwd: string
  env?: Record<string, string>
}

/** Runs a program that finds no Rust and none of the checkout's tools, and returns how it ended. */
export function run(program: string, args: string[], { cwd, env }: RunOptions): Promise<Result> {
  return new Promise((resolve) => {
    let options = {
      cwd,
      env: { ...process.env, PATH: pathWithoutRust(), ...env },
      maxBuffer: 64 * 2 ** 20,
      timeout: 120_000,
    }
    execFile(program, args, options, (error, stdout, stderr) => {
      let reason = error && !stderr ? error.message : ''
      resolve({ isOk: error === null, output: `${stdout}${stderr}${reason}`.trim() })
    })
  })
}

/** Runs a program that has to succeed, and returns what it printed. */
export async function mustRun(
  program: string,
  args: string[],
  options: RunOptions,
): Promise<string> {
  let { isOk, output } = await run(program, args, options)
  if (!isOk) throw new Error(`${program} ${args.join(' ')} failed:\n${output}`)
  return output
}

/** All that an app's machine needs: a folder of links, because Rust may lie beside npm. */
const PROGRAMS = ['env', 'gzip', 'ldd', 'npm', 'readelf', 'sh', 'tar', 'uname']

let folder: string | undefined

function pathWithoutRust(): string {
  return (folder ??= linkedPrograms())
}

function linkedPrograms(): string {
  let folder = mkdtempSync(path.join(tmpdir(), 'programs-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  symlinkSync(process.execPath, path.join(folder, 'node'))
  for (let name of PROGRAMS) {
    let program = findProgram([name])
    if (program !== undefined) symlinkSync(program, path.join(folder, name))
  }
  return folder
}
