/** The licences of what is linked into an addon, which have to come along with it. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { environment, ROOT, SetupError } from '../project.js'

const LICENSE_FILE = /^(licen[cs]e|copying|notice|unlicense)/i

const RUST =
  'Rust standard library\nMIT OR Apache-2.0, https://www.rust-lang.org\n' +
  'Copyright (c) The Rust Project Contributors'

/**
 * @param {string} triple The platform, as Rust names it
 * @returns {string}
 */
export function thirdPartyLicenses(triple) {
  let crates = linkedCrates(triple).map(({ name, version, license, repository, manifest_path }) => {
    let folder = path.dirname(manifest_path)
    let texts = readdirSync(folder)
      .filter((file) => LICENSE_FILE.test(file))
      .toSorted()
      .map((file) => readFileSync(path.join(folder, file), 'utf8').trim())
    let head = [`${name} ${version}`, [license, repository].filter(Boolean).join(', ')]
    return [head.join('\n'), ...texts].join('\n\n')
  })
  let intro = 'The addon is linked with the Rust standard library and these crates.'
  return `${[intro, RUST, ...crates].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}

/**
 * @typedef {object} Crate
 * @property {string} id
 * @property {string} name
 * @property {string} version
 * @property {string | null} license
 * @property {string | null} repository
 * @property {string | null} source `null` for those of this checkout
 * @property {string} manifest_path
 * @property {{ kind: string[] }[]} targets
 */

/**
 * @typedef {object} Metadata
 * @property {Crate[]} packages
 * @property {{ nodes: { id: string, deps: { pkg: string, dep_kinds: { kind: string | null }[] }[] }[] }} resolve
 */

/**
 * What the addon depends on when it runs: neither build scripts nor macros.
 *
 * @param {string} triple
 * @returns {Crate[]} In the order of their names
 */
function linkedCrates(triple) {
  let { packages, resolve } = metadata(triple)
  let crates = new Map(packages.map((crate) => [crate.id, crate]))
  let nodes = new Map(resolve.nodes.map((node) => [node.id, node]))
  let isMacro = (/** @type {Crate | undefined} */ crate) =>
    crate?.targets.some(({ kind }) => kind.includes('proc-macro')) ?? true

  let addon = packages.find(({ name, source }) => source === null && name.startsWith('remix-'))
  let linked = new Set(addon ? [addon.id] : [])
  for (let id of linked) {
    for (let { pkg, dep_kinds } of nodes.get(id)?.deps ?? []) {
      if (dep_kinds.some(({ kind }) => kind === null) && !isMacro(crates.get(pkg))) linked.add(pkg)
    }
  }
  return packages
    .filter(({ id, source }) => linked.has(id) && source !== null)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * @param {string} triple
 * @returns {Metadata}
 */
function metadata(triple) {
  let { status, stdout, stderr } = spawnSync(
    'cargo',
    ['metadata', '--locked', '--format-version', '1', '--filter-platform', triple],
    { cwd: ROOT, env: environment(), encoding: 'utf8', maxBuffer: 256 * 2 ** 20 },
  )
  if (status === 0) return JSON.parse(stdout)
  throw new SetupError(`cargo metadata failed:\n${stderr}`)
}
