/** Finds and loads the native addon, once, when the first storage with a `url` is created. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

import { RedisSessionStorageError } from '../errors.ts'
import type * as NativeAddon from './native-addon.ts'

const PACKAGE = 'remix-session-storage-redis'

/** What there are packages for, as the folders under `npm/` are named. */
const PREBUILT = new Set([
  'darwin-arm64',
  'darwin-x64',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'linux-x64-gnu',
  'linux-x64-musl',
  'win32-arm64',
  'win32-x64',
])

let loaded: typeof NativeAddon | undefined

/**
 * Loads the addon of this platform: from its npm package, or from `npm/` in a checkout.
 *
 * @throws {RedisSessionStorageError} `NATIVE`
 */
export function loadAddon(): typeof NativeAddon {
  return (loaded ??= requireFirst(candidates()))
}

/**
 * What this process could load. Which C library it runs on takes longer to find out than to try; npm
 * installs the right one of the two.
 */
function candidates(): string[] {
  let name = `${process.platform}-${process.arch}`
  return process.platform === 'linux' ? [`${name}-gnu`, `${name}-musl`] : [name]
}

/** Paths are relative to `dist/index.js`, of which all modules become a part. */
function requireFirst(platforms: string[]): typeof NativeAddon {
  let failures: Error[] = []
  for (let platform of platforms) {
    for (let place of [`${PACKAGE}-${platform}`, `../npm/${platform}/session-store.node`]) {
      try {
        return createRequire(import.meta.url)(place) as typeof NativeAddon
      } catch (error) {
        failures.push(error as Error)
      }
    }
  }
  throw notLoaded(failures)
}

function notLoaded(failures: Error[]): RedisSessionStorageError {
  let platform = detectPlatform()
  let name = `${PACKAGE}-${platform}`
  // A missing file is the normal failure; one that is there and does not load says more.
  let broken = failures.find((error) => (error as { code?: string }).code !== 'MODULE_NOT_FOUND')
  let tried = broken ? ` What is installed does not load: ${broken.message.split('\n')[0]}.` : ''
  let message = PREBUILT.has(platform)
    ? `its package ${name} is not installed, or is another platform's.${tried} ` +
      `Run: npm install ${name}${atOwnVersion()} (npm leaves it out with --omit=optional, and where ` +
      'node_modules or a lock file comes from another platform).'
    : `there is no package for it.${tried} Build the addon from source, as the README says.`
  return new RedisSessionStorageError(
    'NATIVE',
    `The native addon could not be loaded. This is ${platform} (Node ${process.versions.node}), and ` +
      `${message} Or pass a Redis client as { client }, which needs no addon.`,
    { cause: broken ?? failures[0] },
  )
}

function detectPlatform(): string {
  let name = `${process.platform}-${process.arch}`
  return process.platform === 'linux' ? `${name}-${runsOnMusl() ? 'musl' : 'gnu'}` : name
}

/** Node reports the version of glibc that it runs on. Elsewhere, the system's tools tell. */
function runsOnMusl(): boolean {
  let report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } }
  if (report?.header) return report.header.glibcVersionRuntime === undefined
  try {
    return readFileSync('/usr/bin/ldd', 'latin1').includes('musl')
  } catch {
    return false
  }
}

/** `@1.2.3`; nothing where a bundle has left the package's own files behind. */
function atOwnVersion(): string {
  try {
    let { name, version } = createRequire(import.meta.url)('../package.json')
    return name === PACKAGE ? `@${version}` : ''
  } catch {
    return ''
  }
}
