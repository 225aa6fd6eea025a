/**
 * Prepares a release: `npm run release -- 1.2.3` sets the version of every package and crate, and
 * dates the newest section of the CHANGELOG. What it changed is then committed and tagged.
 */
import { readFileSync, writeFileSync } from 'node:fs'

import { inRoot, main, run, SetupError } from '../project.js'
import { requireRepository } from './repository.js'
import { platformManifest, TARGETS } from '../build/platforms.js'

const VERSION = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/

await main(import.meta.url, () => {
  let [version = ''] = process.argv.slice(2)
  if (!VERSION.test(version)) {
    throw new SetupError('Say which version, such as: npm run release -- 1.2.3')
  }
  // First, because they can refuse.
  requireRepository()
  let changelog = datedChangelog(version, new Date().toISOString().slice(0, 10))

  replaceIn('package.json', /"version": ".+?"/, `"version": "${version}"`)
  replaceIn('Cargo.toml', /(\[workspace\.package\]\nversion = )".+?"/, `$1"${version}"`)
  for (let name of Object.keys(TARGETS)) {
    let manifest = JSON.stringify(platformManifest(name, version), null, 2)
    writeFileSync(inRoot(`npm/${name}/package.json`), `${manifest}\n`)
  }
  writeFileSync(inRoot('CHANGELOG.md'), changelog)

  let lockFiles =
    run('npm', ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund']) &&
    run('cargo', ['update', '--workspace', '--offline'])
  let formatted = run('npx', ['prettier', '--write', '--log-level', 'warn', 'npm', 'CHANGELOG.md'])
  if (!lockFiles || !formatted) throw new SetupError('Not all files could be brought up to date.')
  console.log(
    `Everything is ${version} now. Look at it, and then:\n` +
      `  git commit -am "Release ${version}" && git tag v${version} && git push --follow-tags`,
  )
})

/**
 * @param {string} version
 * @param {string} date
 * @returns {string}
 */
function datedChangelog(version, date) {
  let text = readFileSync(inRoot('CHANGELOG.md'), 'utf8')
  let [heading] = /^## .*$/m.exec(text) ?? []
  if (heading?.endsWith('(unreleased)')) return text.replace(heading, `## ${version} (${date})`)
  throw new SetupError(
    'The newest section of CHANGELOG.md is released already. ' +
      `Write what is new into a section "## ${version} (unreleased)" above it.`,
  )
}

/**
 * @param {string} file
 * @param {RegExp} pattern
 * @param {string} replacement
 */
function replaceIn(file, pattern, replacement) {
  let text = readFileSync(inRoot(file), 'utf8')
  if (!pattern.test(text)) throw new SetupError(`There is no version in ${file}.`)
  writeFileSync(inRoot(file), text.replace(pattern, replacement))
}
