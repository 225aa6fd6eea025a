/**
 * Builds the addon for every platform, on a Linux machine: `npm run build:all`, or some of them:
 * `npm run build:all -- win32-x64 darwin-arm64`.
 *
 * Zig is the C compiler and linker: it knows every platform's C library, including old versions of
 * glibc. Rust's standard library for a platform comes from rustup, or is built from Debian's sources.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'

import { installWithApt } from '../programs.js'
import { ensurePythonPackages } from '../python-packages.js'
import { environment, inRoot, main, output, ROOT, run, SetupError } from '../project.js'
import { PLATFORMS } from './platforms.js'
import { ensureToolchain, rustAdvice } from './toolchain.js'

/** @typedef {import('./platforms.js').Platform} Platform */

const CROSS = inRoot('target/cross')
const TOOLS = path.join(CROSS, 'tools')
const TOOL_PACKAGES = ['ziglang==0.15.2', 'cargo-zigbuild==0.20.1']

/** The oldest version that the addon runs on. */
const GLIBC = '2.17'

/**
 * Zig has the C library of macOS, but not its frameworks. For linking, it is enough to list what the
 * addon uses of them.
 */
const STUBS = inRoot('scripts/build/macos-stubs')

/** The path that a macOS library states as its own, which would otherwise be that of the build. */
const INSTALL_NAME = '-Wl,-install_name,@rpath/session-store.node'

/** The sources of the standard library that Debian's Rust can build. */
const DEBIAN_SOURCES = '/usr/lib/rustlib/src/rust/library/std'

/**
 * Builds the addons of these platforms; cargo leaves out what has not changed.
 *
 * @param {string[]} names
 */
export function buildPlatforms(names) {
  ensureToolchain()
  for (let name of names) {
    let platform = PLATFORMS[name]
    if (!platform) {
      let all = Object.keys(PLATFORMS).join(', ')
      throw new SetupError(`There is no platform ${name}. There are: ${all}`)
    }
    buildPlatform(name, platform)
  }
}

/**
 * @param {string} name
 * @param {Platform} platform
 */
function buildPlatform(name, { triple, os, libc }) {
  console.log(`\nBuilding the addon for ${name} …`)
  let started = new Date()
  ensureTools()
  let { bin, variables, options } = toolchainFor(triple)
  let isBuilt = run(
    'cargo-zigbuild',
    [
      ...['zigbuild', '--release', '--locked', '--package', 'remix-session-storage-redis'],
      ...['--target', libc === 'glibc' ? `${triple}.${GLIBC}` : triple, '--target-dir', CROSS],
      ...options,
    ],
    {
      PATH: [path.join(TOOLS, 'bin'), bin, environment().PATH].join(path.delimiter),
      CARGO_ENCODED_RUSTFLAGS: rustFlags(os, libc).join('\x1f'),
      LIBNODE_PATH: emptyLibnode(),
      ...variables,
    },
  )
  if (!isBuilt) {
    throw new SetupError(`The addon for ${name} could not be built: see above. ${rustAdvice()}`)
  }

  let folder = path.join(CROSS, triple, 'release')
  let library = readdirSync(folder).find((file) => /\.(so|dylib|dll)$/.test(file))
  let addon = inRoot(`npm/${name}/session-store.node`)
  cpSync(path.join(folder, String(library)), addon)
  if (os === 'win32') dropTimestamp(addon)
  // What is edited during the build is newer than what was built.
  utimesSync(addon, started, started)
}

/**
 * Removes the time of linking from a Windows library, so that building it twice gives the same bytes.
 *
 * @param {string} file
 */
function dropTimestamp(file) {
  let bytes = readFileSync(file)
  let header = bytes.readUInt32LE(0x3c)
  bytes.writeUInt32LE(0, header + 8)
  writeFileSync(file, bytes)
}

/**
 * @param {string} os
 * @param {string} [libc]
 */
function rustFlags(os, libc) {
  let cargoHome = process.env.CARGO_HOME || path.join(homedir(), '.cargo')
  return [
    // The same bytes wherever it is built, without anybody's paths.
    `--remap-path-prefix=${ROOT}=.`,
    `--remap-path-prefix=${cargoHome}=cargo`,
    // Node already contains musl.
    ...(libc === 'musl' ? ['-Ctarget-feature=-crt-static'] : []),
    ...(os === 'darwin' ? [`-Clink-arg=-F${STUBS}`, `-Clink-arg=${INSTALL_NAME}`] : []),
  ]
}

/**
 * On Windows, napi wants to link with Node's library. What the addon uses of it is looked up when it
 * is loaded, so an empty library will do.
 *
 * @returns {string} Its folder
 */
function emptyLibnode() {
  let folder = path.join(CROSS, 'libnode')
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'libnode.dll'), '')
  for (let file of ['libnode.a', 'node.lib']) writeFileSync(path.join(folder, file), '!<arch>\n')
  return folder
}

/**
 * Finds a Rust that has the standard library of a platform, or can build it.
 *
 * @param {string} triple
 * @returns {{ bin: string, variables: Record<string, string>, options: string[] }}
 */
function toolchainFor(triple) {
  if (hasStandardLibrary(triple) || addStandardLibrary(triple)) {
    let cargo = output('sh', ['-c', 'command -v cargo'])
    return { bin: path.dirname(cargo), variables: { CARGO: cargo }, options: [] }
  }
  let packages = ['cargo-web', 'rustc-web', 'rust-web-src']
  if (!existsSync(DEBIAN_SOURCES) && !installWithApt('Rust with its sources', packages)) {
    throw new SetupError(
      `Rust's standard library for ${triple} is needed. Run: rustup target add ${triple}`,
    )
  }
  return {
    bin: '/usr/bin',
    variables: { CARGO: '/usr/bin/cargo', RUSTC: '/usr/bin/rustc', RUSTC_BOOTSTRAP: '1' },
    options: ['-Zbuild-std=std,panic_unwind'],
  }
}

/** @param {string} triple */
function hasStandardLibrary(triple) {
  let folder = output('rustc', ['--print', 'target-libdir', '--target', triple])
  return existsSync(folder) && readdirSync(folder).some((file) => /^libstd-.*\.rlib$/.test(file))
}

/** @param {string} triple */
function addStandardLibrary(triple) {
  try {
    output('rustup', ['target', 'add', triple])
    return true
  } catch {
    return false
  }
}

/**
 * Installs Zig and its bridge to cargo, both of which come as Python packages.
 *
 * @returns {string} The folder of their Python
 */
export function ensureTools() {
  ensurePythonPackages(TOOLS, TOOL_PACKAGES, 'bin/cargo-zigbuild')
  return TOOLS
}

await main(import.meta.url, () => {
  let names = process.argv.slice(2)
  buildPlatforms(names.length > 0 ? names : Object.keys(PLATFORMS))
})
