/**
 * The platforms with a prebuilt addon: how each is built, and the manifest of its npm package. The
 * names are those of the folders under `npm/`.
 */

import { readFileSync } from 'node:fs'

import { inRoot } from '../project.js'

/**
 * @typedef {object} Target
 * @property {string} title What it is to a reader
 * @property {string} triple Rust's name
 * @property {string} [glibc] The oldest version that it runs on
 * @property {string} library What cargo calls the addon
 * @property {'darwin' | 'linux' | 'win32'} os
 * @property {'arm64' | 'x64'} cpu
 * @property {'glibc' | 'musl'} [libc]
 */

const GLIBC = '2.17'
const NAME = 'remix_session_storage_redis'

/** @type {Record<string, Target>} */
export const TARGETS = {
  'linux-x64-gnu': {
    title: 'Linux x64 with glibc',
    triple: 'x86_64-unknown-linux-gnu',
    glibc: GLIBC,
    library: `lib${NAME}.so`,
    os: 'linux',
    cpu: 'x64',
    libc: 'glibc',
  },
  'linux-arm64-gnu': {
    title: 'Linux arm64 with glibc',
    triple: 'aarch64-unknown-linux-gnu',
    glibc: GLIBC,
    library: `lib${NAME}.so`,
    os: 'linux',
    cpu: 'arm64',
    libc: 'glibc',
  },
  'linux-x64-musl': {
    title: 'Linux x64 with musl (Alpine)',
    triple: 'x86_64-unknown-linux-musl',
    library: `lib${NAME}.so`,
    os: 'linux',
    cpu: 'x64',
    libc: 'musl',
  },
  'linux-arm64-musl': {
    title: 'Linux arm64 with musl (Alpine)',
    triple: 'aarch64-unknown-linux-musl',
    library: `lib${NAME}.so`,
    os: 'linux',
    cpu: 'arm64',
    libc: 'musl',
  },
  'darwin-x64': {
    title: 'macOS on Intel',
    triple: 'x86_64-apple-darwin',
    library: `lib${NAME}.dylib`,
    os: 'darwin',
    cpu: 'x64',
  },
  'darwin-arm64': {
    title: 'macOS on Apple silicon',
    triple: 'aarch64-apple-darwin',
    library: `lib${NAME}.dylib`,
    os: 'darwin',
    cpu: 'arm64',
  },
  'win32-x64': {
    title: 'Windows x64',
    triple: 'x86_64-pc-windows-gnullvm',
    library: `${NAME}.dll`,
    os: 'win32',
    cpu: 'x64',
  },
  'win32-arm64': {
    title: 'Windows arm64',
    triple: 'aarch64-pc-windows-gnullvm',
    library: `${NAME}.dll`,
    os: 'win32',
    cpu: 'arm64',
  },
}

/**
 * The `package.json` of a platform's npm package.
 *
 * @param {string} name
 * @param {string} version
 */
export function platformManifest(name, version) {
  let target = /** @type {Target} */ (TARGETS[name])
  let { repository } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'))
  return {
    name: `remix-session-storage-redis-${name}`,
    version,
    description: `The native addon of remix-session-storage-redis for ${target.title}`,
    license: 'MIT',
    repository,
    os: [target.os],
    cpu: [target.cpu],
    ...(target.libc ? { libc: [target.libc] } : {}),
    main: 'session-store.node',
    files: ['session-store.node', 'THIRD-PARTY-LICENSES'],
    engines: { node: '>=20' },
  }
}
