/** The licences of what is linked into an addon, which have to come along with it. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { output } from '../project.js'

const LICENSE_FILE = /^(licen[cs]e|copying|notice|unlicense)/i

const RUST =
  'Rust standard library\nMIT OR Apache-2.0, https://www.rust-lang.org\n' +
  'Copyright (c) The Rust Project Contributors'

/**
 * @param {string} triple The platform, as Rust names it
 * @returns {string}
 */
export function thirdPartyLicenses(triple) {
  /** @type {{ packages: Record<string, string>[] }} */
  let metadata = JSON.parse(output('cargo', ['metadata', '--locked', '--format-version', '1']))
  let linked = linkedCrates(triple)
  let crates = metadata.packages
    // Those of this checkout have no source.
    .filter(({ name, version, source }) => source && linked.has(`${name} v${version}`))
    .toSorted((a, b) => String(a.name).localeCompare(String(b.name)))
    .map(({ name, version, license, repository, manifest_path }) => {
      let origin = [license, repository].filter(Boolean).join(', ')
      let texts = licensesIn(path.dirname(String(manifest_path)))
      return [`${name} ${version}\n${origin}`].concat(texts).join('\n\n')
    })
  let intro = 'The addon is linked with the Rust standard library and these crates.'
  return `${[intro, RUST, ...crates].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}

/**
 * Returns what the addon depends on when it runs, which excludes build scripts and macros.
 *
 * @param {string} triple
 */
function linkedCrates(triple) {
  let tree = ['tree', '--locked', '--package', 'remix-session-storage-redis', '--target', triple]
  let options = ['--edges', 'normal,no-proc-macro', '--prefix', 'none', '--format', '{p}']
  let lines = output('cargo', [...tree, ...options]).split('\n')
  return new Set(lines.map((line) => line.split(' ').slice(0, 2).join(' ')))
}

/** @param {string} folder */
function licensesIn(folder) {
  let files = readdirSync(folder).filter((file) => LICENSE_FILE.test(file))
  return files.toSorted().map((file) => readFileSync(path.join(folder, file), 'utf8').trim())
}
