/** Empty projects, far from the checkout, into which the package is installed. */
import { copyFileSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inject, onTestFinished } from 'vitest'

import { mustRun } from './command.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The tarball of the main package. */
    main: string
    /** The tarballs of the platform packages that there are, by platform. */
    platforms: Record<string, string>
    /** The platform of this machine, as the folders under `npm/` are named. */
    host: string
  }
}

/** What an app has besides the package. */
export const REMIX = ['@remix-run/session@0.4.2']

/** Returns the folder of an empty project, which is removed after the test. */
export function emptyProject(): string {
  let folder = temporaryFolder()
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function temporaryFolder(): string {
  let folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'package-')))
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module", "private": true }\n')
  return folder
}

/** Installs packages as a user does, without any script of theirs. */
export async function install(folder: string, packages: string[]): Promise<void> {
  // Not yet published: npm leaves out what it cannot find.
  let flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  await mustRun('npm', ['install', ...flags, ...packages], { cwd: folder })
}

/** Puts a file of `fixtures/` into a project. */
export function addFixture(folder: string, name: string): void {
  copyFileSync(path.join(import.meta.dirname, '../fixtures', name), path.join(folder, name))
}

/** Returns a project in which the package is installed for this machine. */
export async function installedProject(): Promise<string> {
  let folder = emptyProject()
  await install(folder, [inject('main'), inject('platforms')[inject('host')]!, ...REMIX])
  return folder
}
