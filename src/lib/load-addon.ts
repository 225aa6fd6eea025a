/** Finds and loads the native addon, once, when the first storage with a `url` is created. */
import { createRequire } from 'node:module'

import { RedisSessionStorageError } from './errors.ts'
import type * as NativeAddon from './native-addon.ts'

const PACKAGE = 'remix-session-storage-redis'

let loaded: typeof NativeAddon | undefined

/**
 * Loads the addon of this platform: from its npm package, or from `npm/` in a checkout.
 *
 * @throws {RedisSessionStorageError} `NATIVE`
 */
export function loadAddon(): typeof NativeAddon {
  return (loaded ??= requireFirst(platforms()))
}

function requireFirst(platforms: string[]): typeof NativeAddon {
  let require = createRequire(import.meta.url)
  let failures: Error[] = []
  for (let platform of platforms) {
    let places = [`${PACKAGE}-${platform}`, `../../npm/${platform}/session-store.${platform}.node`]
    for (let place of places) {
      try {
        return require(place) as typeof NativeAddon
      } catch (error) {
        failures.push(error as Error)
      }
    }
  }
  throw notLoaded(platforms, failures)
}

/** What this process could load, as the folders under `npm/` are named; the likeliest first. */
function platforms(): string[] {
  let name = `${process.platform}-${process.arch}`
  if (process.platform === 'linux') return [`${name}-gnu`, `${name}-musl`]
  if (process.platform === 'win32') return [`${name}-msvc`]
  return [name]
}

function notLoaded(platforms: string[], failures: Error[]): RedisSessionStorageError {
  // A missing file is the normal failure; one that is there and does not load says more.
  let telling = failures.filter((error) => (error as { code?: string }).code !== 'MODULE_NOT_FOUND')
  let [reason] = [...telling, ...failures]
  return new RedisSessionStorageError(
    'NATIVE',
    `The native addon could not be loaded on ${process.platform}-${process.arch} ` +
      `(Node ${process.versions.node}): ${reason?.message.split('\n')[0] ?? 'no binary is known'}. ` +
      `Run "npm install ${PACKAGE}-${platforms[0]}" (in a checkout: "npm run build"), ` +
      'or pass a Redis client as { client }, which needs no addon.',
    { cause: reason },
  )
}
