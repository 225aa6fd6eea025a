/** The platforms with a prebuilt addon: `napi.targets` in `package.json`, as Rust names them. */
import { readFileSync } from 'node:fs'

import { inRoot } from '../project.js'

/**
 * @typedef {object} Platform
 * @property {string} triple Rust's name
 * @property {string} os What npm calls it, as with the others
 * @property {string} cpu
 * @property {string} [libc]
 */

/** @type {Record<string, string>} */
const SYSTEMS = { darwin: 'darwin', linux: 'linux', windows: 'win32' }
/** @type {Record<string, string>} */
const PROCESSORS = { aarch64: 'arm64', x86_64: 'x64' }
/** @type {Record<string, string>} */
const LIBRARIES = { gnu: 'glibc', musl: 'musl' }

/**
 * The platforms by the names of their folders under `npm/`.
 *
 * @type {Record<string, Platform>}
 */
export const PLATFORMS = Object.fromEntries(
  JSON.parse(readFileSync(inRoot('package.json'), 'utf8')).napi.targets.map(platformOf),
)

/**
 * @param {string} triple
 * @returns {[string, Platform]}
 */
function platformOf(triple) {
  let [processor = '', , system = '', abi = ''] = triple.split('-')
  let [os = '', cpu = ''] = [SYSTEMS[system], PROCESSORS[processor]]
  return os === 'linux'
    ? [`${os}-${cpu}-${abi}`, { triple, os, cpu, libc: LIBRARIES[abi] }]
    : [`${os}-${cpu}`, { triple, os, cpu }]
}
