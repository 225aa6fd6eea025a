/** Small C programs for other platforms. */
import { mkdirSync } from 'node:fs'
import path from 'node:path'

import { ensureTools } from '../../../scripts/build/build-all.js'
import { mustRun } from './command.ts'

const FIXTURES = path.resolve(import.meta.dirname, '../fixtures')

/** Compiles one of the fixtures, for a platform as Zig names it. */
export async function compile(
  source: string,
  platform: string,
  output: string,
  flags: string[],
): Promise<void> {
  mkdirSync(path.dirname(output), { recursive: true })
  let python = path.join(ensureTools(), 'bin/python')
  let options = ['-target', platform, ...flags, '-o', output]
  await mustRun(python, ['-m', 'ziglang', 'cc', path.join(FIXTURES, source), ...options], {
    cwd: path.dirname(output),
  })
}
