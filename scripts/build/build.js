/** Builds what is loaded: the addon of this platform from the Rust sources, and `dist/`. */
import { existsSync, mkdirSync, renameSync, rmSync, utimesSync } from 'node:fs'

import { inRoot, isStale, main, runTool, SetupError } from '../project.js'
import { installPackages } from './packages.js'
import { ensureToolchain, rustAdvice } from './toolchain.js'

const PLATFORM = hostPlatform()

/** The addon, where a checkout loads it from. */
const ADDON = `npm/${PLATFORM}/session-store.node`

/** Generated from the Rust sources together with the addon. */
export const TYPES = 'src/lib/native/native-addon.ts'

/** napi would link the addon again even if nothing has changed, which takes a quarter of a minute. */
export function addonIsStale() {
  let sources = ['Cargo.toml', 'Cargo.lock', 'build.rs', 'src/native', 'crates']
  return !existsSync(inRoot(TYPES)) || isStale(ADDON, sources, /\.(rs|toml|lock)$/)
}

export function buildAddon() {
  ensureToolchain()
  console.log(`Building the addon for ${PLATFORM} …`)
  let started = new Date()
  mkdirSync(inRoot(`npm/${PLATFORM}`), { recursive: true })
  let options = ['--release', '--no-js', '--no-const-enum', '--output-dir', `npm/${PLATFORM}`]
  if (!runTool('@napi-rs/cli/dist/cli.js', ['build', ...options, '--dts', `../../${TYPES}`])) {
    throw new SetupError(`The addon could not be built: see above. ${rustAdvice()}`)
  }
  // What is edited during the build is newer than what was built.
  utimesSync(inRoot(ADDON), started, started)
}

export function distIsStale() {
  return isStale('dist/index.js', ['src', 'tsconfig.json', 'tsconfig.build.json'], /\.(ts|json)$/)
}

export function buildDist() {
  console.log('Building dist/ …')
  let started = new Date()
  // Built beside the old one, which a running app or test may be loading from, and which stays if
  // the compiler finds a mistake.
  let fresh = `dist-${process.pid}`
  let old = `${fresh}-old`
  try {
    if (!declare(fresh) || !bundle(`${fresh}/index.js`)) {
      throw new SetupError('The TypeScript sources could not be compiled: see above.')
    }
    utimesSync(inRoot(`${fresh}/index.js`), started, started)
    if (existsSync(inRoot('dist'))) renameSync(inRoot('dist'), inRoot(old))
    renameSync(inRoot(fresh), inRoot('dist'))
  } finally {
    for (let folder of [fresh, old]) rmSync(inRoot(folder), { recursive: true, force: true })
  }
}

/** @param {string} folder */
function declare(folder) {
  return runTool('typescript/bin/tsc', ['-p', 'tsconfig.build.json', '--outDir', folder])
}

/**
 * Makes one module of all, because to load each of them takes longer than to run it.
 *
 * @param {string} file
 */
function bundle(file) {
  let options = ['--platform', 'node', '--external', '@remix-run/session', '--logLevel', 'warn']
  // The package has the sources, so the map need not repeat them.
  let map = ['--sourcemap', '--sourcemapExcludeSources']
  return runTool('rolldown/bin/cli.mjs', ['src/index.ts', '--file', file, ...options, ...map])
}

/** The platform of this process, as the folders under `npm/` are named. */
export function hostPlatform() {
  let name = `${process.platform}-${process.arch}`
  if (process.platform !== 'linux') return name
  /** @type {any} */
  let report = process.report && process.report.getReport()
  return report && report.header.glibcVersionRuntime ? `${name}-gnu` : `${name}-musl`
}

await main(import.meta.url, () => {
  installPackages()
  buildAddon()
  buildDist()
})
