/**
 * Makes the tarballs that are published, in `target/packages`: the main package, which contains no
 * binary, and one for each platform whose addon was built.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { PLATFORMS } from '../build/platforms.js'
import { setUp } from '../build/setup.js'
import { inRoot, main, output } from '../project.js'
import { thirdPartyLicenses } from './licenses.js'

const PACKAGES = inRoot('target/packages')
const NAME = 'remix-session-storage-redis'

/** What only the checkout needs. */
const NOT_PUBLISHED = [
  'scripts',
  'devDependencies',
  'overrides',
  'napi',
  'prettier',
  'allowScripts',
]

/**
 * Packs the main package. In a checkout it does not depend on the packages of the platforms, because
 * npm would look for versions that are not published yet.
 *
 * @returns {string} The tarball
 */
export function packMain() {
  let { files, ...manifest } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'))
  for (let key of NOT_PUBLISHED) delete manifest[key]
  manifest.optionalDependencies = Object.fromEntries(
    Object.keys(PLATFORMS).map((name) => [`${NAME}-${name}`, manifest.version]),
  )
  let stage = path.join(PACKAGES, 'main')
  rmSync(stage, { recursive: true, force: true })
  for (let file of [...files, 'README.md', 'LICENSE']) {
    cpSync(inRoot(file), path.join(stage, file), { recursive: true })
  }
  let text = JSON.stringify({ ...manifest, files }, null, 2)
  writeFileSync(path.join(stage, 'package.json'), `${text}\n`)
  return pack(stage)
}

/**
 * Packs the package of a platform whose addon was built.
 *
 * @param {string} name
 * @returns {string} The tarball
 */
export function packPlatform(name) {
  let folder = inRoot(`npm/${name}`)
  let { triple } = /** @type {import('../build/platforms.js').Platform} */ (PLATFORMS[name])
  cpSync(inRoot('LICENSE'), path.join(folder, 'LICENSE'))
  writeFileSync(path.join(folder, 'THIRD-PARTY-LICENSES'), thirdPartyLicenses(triple))
  return pack(folder)
}

/** The platforms whose addon was built. */
export function builtPlatforms() {
  return Object.keys(PLATFORMS).filter((name) =>
    existsSync(inRoot(`npm/${name}/session-store.node`)),
  )
}

/** @param {string} folder */
function pack(folder) {
  mkdirSync(PACKAGES, { recursive: true })
  output('npm', ['pack', folder, '--pack-destination', PACKAGES])
  let { name, version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
  return path.join(PACKAGES, `${name}-${version}.tgz`)
}

await main(import.meta.url, () => {
  setUp()
  for (let tarball of [packMain(), ...builtPlatforms().map(packPlatform)]) console.log(tarball)
})
