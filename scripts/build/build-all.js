/**
 * Builds the addon for every platform, on a Linux machine: `npm run build:all`, or some of them:
 * `npm run build:all -- win32-x64 darwin-arm64`.
 *
 * Zig is the C compiler and linker: it knows every platform's C library, old ones of glibc too. Rust's
 * standard library for a platform comes from rustup, or is built from the sources that Debian has.
 */
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'

import { environment, filesIn, inRoot, main, ROOT, SetupError } from '../project.js'
import { isStale } from './staleness.js'
import { ensureProgram, findProgram, installWithApt } from '../system-package.js'
import { TARGETS } from './platforms.js'
import { ensureToolchain } from './toolchain.js'

/** @typedef {import('./platforms.js').Target} Target */

const CROSS = inRoot('target/cross')
const TOOL_PACKAGES = ['ziglang==0.15.2', 'cargo-zigbuild==0.20.1']

/**
 * Zig has the C library of macOS, but not its frameworks: for linking, it is enough to name what the
 * addon uses of them.
 */
const STUBS = inRoot('scripts/build/macos-stubs')

/** What a library of macOS says that its path is: otherwise, that of the build. */
const INSTALL_NAME = '-Wl,-install_name,@rpath/session-store.node'

/** The sources of the standard library that Debian's Rust can build. */
const DEBIAN_SOURCES = '/usr/lib/rustlib/src/rust/library/std'

/**
 * Builds the addons of these platforms that are older than their sources.
 *
 * @param {string[]} names
 */
export function buildPlatforms(names) {
  for (let name of names) {
    let target = TARGETS[name]
    if (!target) {
      throw new SetupError(
        `There is no platform ${name}. There are: ${Object.keys(TARGETS).join(', ')}`,
      )
    }
    if (isStaleFor(name)) buildPlatform(name, target)
    // Also where `npm run build` has put one for this machine only.
    cpSync(inRoot(builtFile(name)), inRoot(`npm/${name}/session-store.node`), {
      preserveTimestamps: true,
    })
  }
}

/** @param {string} name */
function isStaleFor(name) {
  let sources = [
    'Cargo.toml',
    'Cargo.lock',
    'build.rs',
    'src/native',
    'crates',
    'scripts/build/platforms.js',
  ]
  return isStale(builtFile(name), sources, (file) => /\.(rs|toml|lock|js)$/.test(file))
}

/** @param {string} name */
function builtFile(name) {
  return `target/cross/${name}.node`
}

/**
 * @param {string} name
 * @param {Target} target
 */
function buildPlatform(name, target) {
  console.log(`\nBuilding the addon for ${name} …`)
  let started = new Date()
  let { cargo, env, args } = toolchainFor(target.triple)
  let zigTarget = target.glibc ? `${target.triple}.${target.glibc}` : target.triple
  let folders = [path.join(ensureTools(), 'bin'), path.dirname(cargo), environment().PATH]
  let { status, error } = spawnSync(
    'cargo-zigbuild',
    [
      ...['zigbuild', '--release', '--locked', '--package', 'remix-session-storage-redis'],
      ...['--target', zigTarget, '--target-dir', CROSS],
      ...args,
    ],
    {
      cwd: ROOT,
      env: {
        ...environment(),
        ...env,
        ...(target.os === 'win32' ? { LIBNODE_PATH: emptyLibnode() } : {}),
        PATH: folders.join(path.delimiter),
        CARGO: cargo,
        CARGO_ENCODED_RUSTFLAGS: rustFlags(target).join('\x1f'),
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  )
  if (status !== 0) {
    throw new SetupError(
      `The addon for ${name} could not be built: ${error?.message ?? 'see above'}.`,
    )
  }
  let file = inRoot(builtFile(name))
  cpSync(inRoot(`target/cross/${target.triple}/release/${target.library}`), file)
  if (target.os === 'win32') dropTimestamp(file)
  // What is edited during the build is newer than what was built.
  utimesSync(file, started, started)
  console.log(`${builtFile(name)}: ${(statSync(file).size / 1e6).toFixed(2)} MB`)
}

/**
 * Takes the time of linking out of a Windows library, so that building it twice gives the same bytes.
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
 * @param {Target} target
 * @returns {string[]}
 */
function rustFlags({ libc, os }) {
  let cargoHome = process.env.CARGO_HOME || path.join(homedir(), '.cargo')
  return [
    // The same bytes wherever it is built, and nobody's paths in them.
    `--remap-path-prefix=${ROOT}=.`,
    `--remap-path-prefix=${cargoHome}=cargo`,
    // Node has musl in it already.
    ...(libc === 'musl' ? ['-Ctarget-feature=-crt-static'] : []),
    ...(os === 'darwin' ? [`-Clink-arg=-F${STUBS}`, `-Clink-arg=${INSTALL_NAME}`] : []),
  ]
}

/**
 * napi wants to link with Node's library on Windows. What the addon uses of it is looked up when it
 * is loaded, so an empty one will do.
 *
 * @returns {string} Its folder
 */
function emptyLibnode() {
  let folder = path.join(CROSS, 'libnode')
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'libnode.dll'), '')
  for (let library of ['libnode.a', 'node.lib']) {
    writeFileSync(path.join(folder, library), '!<arch>\n')
  }
  return folder
}

/**
 * Finds a Rust that has, or can build, the standard library of a platform.
 *
 * @param {string} triple
 * @returns {{ cargo: string, env: Record<string, string>, args: string[] }}
 */
function toolchainFor(triple) {
  ensureToolchain()
  let cargo = output('sh', ['-c', 'command -v cargo'])
  if (hasStandardLibrary(triple) || addStandardLibrary(triple)) return { cargo, env: {}, args: [] }

  let packages = ['cargo-web', 'rustc-web', 'rust-web-src']
  if (!existsSync(DEBIAN_SOURCES) && !installWithApt('Rust with its sources', packages)) {
    throw new SetupError(
      `Rust's standard library for ${triple} is needed. Run: rustup target add ${triple}`,
    )
  }
  return {
    cargo: '/usr/bin/cargo',
    env: { RUSTC: '/usr/bin/rustc', RUSTC_BOOTSTRAP: '1' },
    args: ['-Zbuild-std=std,panic_unwind'],
  }
}

/** @param {string} triple */
function hasStandardLibrary(triple) {
  let folder = output('rustc', ['--print', 'target-libdir', '--target', triple])
  return folder !== '' && filesIn(folder).some((file) => /libstd-.*\.rlib$/.test(file))
}

/** @param {string} triple */
function addStandardLibrary(triple) {
  if (!findProgram(['rustup'])) return false
  return spawnSync('rustup', ['target', 'add', triple], { stdio: 'ignore' }).status === 0
}

/**
 * Installs Zig and its bridge to cargo, both of which come as Python packages.
 *
 * @returns {string} The folder of their Python
 */
export function ensureTools() {
  let folder = path.join(CROSS, 'tools')
  if (existsSync(path.join(folder, 'bin/cargo-zigbuild'))) return folder

  let python = ensureProgram({
    what: 'Python',
    programs: ['python3'],
    aptPackage: 'python3-venv',
    commands: { brew: 'brew install python', 'apt-get': 'sudo apt-get install python3-venv' },
  })
  console.log('Installing Zig and cargo-zigbuild with pip …')
  for (let [program, args] of /** @type {[string, string[]][]} */ ([
    [python, ['-m', 'venv', folder]],
    [path.join(folder, 'bin/pip'), ['install', '--quiet', ...TOOL_PACKAGES]],
  ])) {
    let { status, stderr } = spawnSync(program, args, { encoding: 'utf8' })
    if (status !== 0) throw new SetupError(`${program} ${args.join(' ')} failed:\n${stderr}`)
  }
  return folder
}

/**
 * @param {string} program
 * @param {string[]} args
 * @returns {string} Empty where it failed
 */
function output(program, args) {
  let { stdout, status } = spawnSync(program, args, { env: environment(), encoding: 'utf8' })
  return status === 0 ? stdout.trim() : ''
}

await main(import.meta.url, () => {
  let names = process.argv.slice(2)
  buildPlatforms(names.length > 0 ? names : Object.keys(TARGETS))
})
