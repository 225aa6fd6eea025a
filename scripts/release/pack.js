/**
 * Makes the tarballs that are published, into `target/packages`: the main package, which holds no
 * binary, and one for each platform whose addon was built.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { thirdPartyLicenses } from './licenses.js'
import { environment, inRoot, main, SetupError } from '../project.js'
import { setUp } from '../build/setup.js'
import { platformManifest, TARGETS } from '../build/platforms.js'

const PACKAGES = inRoot('target/packages')

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
 * @returns {string} The tarball of the main package
 */
export function packMain() {
  let { files, ...manifest } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'))
  for (let key of NOT_PUBLISHED) delete manifest[key]
  let optionalDependencies = Object.fromEntries(
    Object.keys(TARGETS).map((name) => [
      platformManifest(name, manifest.version).name,
      manifest.version,
    ]),
  )
  let stage = emptyFolder('main')
  for (let file of [...files, 'README.md', 'LICENSE']) {
    cpSync(inRoot(file), path.join(stage, file), { recursive: true })
  }
  writeManifest(stage, { ...manifest, files, optionalDependencies })
  return pack(stage)
}

/**
 * @param {string} name A platform whose addon was built
 * @returns {string} The tarball of its package
 */
export function packPlatform(name) {
  let { version } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'))
  let stage = emptyFolder(name)
  cpSync(addonOf(name), path.join(stage, 'session-store.node'))
  cpSync(inRoot('LICENSE'), path.join(stage, 'LICENSE'))
  writeFileSync(
    path.join(stage, 'THIRD-PARTY-LICENSES'),
    thirdPartyLicenses(
      /** @type {import('../build/platforms.js').Target} */ (TARGETS[name]).triple,
    ),
  )
  writeManifest(stage, platformManifest(name, version))
  return pack(stage)
}

/** The platforms whose addon was built. */
export function builtPlatforms() {
  return Object.keys(TARGETS).filter((name) => existsSync(addonOf(name)))
}

/** @param {string} name */
function addonOf(name) {
  return inRoot(`npm/${name}/session-store.node`)
}

/** @param {string} name */
function emptyFolder(name) {
  let folder = path.join(PACKAGES, name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  return folder
}

/**
 * @param {string} folder
 * @param {object} manifest
 */
function writeManifest(folder, manifest) {
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}

/**
 * @param {string} folder
 * @returns {string}
 */
function pack(folder) {
  let { status, stdout, stderr } = spawnSync('npm', ['pack', '--json', folder], {
    cwd: PACKAGES,
    env: environment(),
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new SetupError(`npm pack failed:\n${stderr}`)
  return path.join(PACKAGES, JSON.parse(stdout)[0].filename)
}

await main(import.meta.url, () => {
  setUp()
  for (let tarball of [packMain(), ...builtPlatforms().map(packPlatform)]) console.log(tarball)
})
