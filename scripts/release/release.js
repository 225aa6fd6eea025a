/**
 * Prepares a release: `npm run release -- 1.2.3` sets the version of every package and crate, and
 * dates the newest section of the CHANGELOG. Commit and tag what it has changed.
 */
import { readFileSync, writeFileSync } from 'node:fs'

import { PLATFORMS } from '../build/platforms.js'
import { inRoot, main, output, SetupError } from '../project.js'
import { requireRepository } from './repository.js'

const UNRELEASED = /^## .* \(unreleased\)$/m

await main(import.meta.url, () => {
  let [version = ''] = process.argv.slice(2)
  if (!/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(version)) {
    throw new SetupError('Say which version, such as: npm run release -- 1.2.3')
  }
  // First, because they can refuse.
  let repository = requireRepository()
  let changelog = readFileSync(inRoot('CHANGELOG.md'), 'utf8')
  if (UNRELEASED.exec(changelog)?.index !== changelog.indexOf('## ')) {
    throw new SetupError(
      'The newest section of CHANGELOG.md is released already. ' +
        `Write what is new into a section "## ${version} (unreleased)" above it.`,
    )
  }

  let date = new Date().toISOString().slice(0, 10)
  writeFileSync(inRoot('CHANGELOG.md'), changelog.replace(UNRELEASED, `## ${version} (${date})`))
  output('npm', ['version', version, '--no-git-tag-version', '--allow-same-version'])
  for (let name of Object.keys(PLATFORMS)) {
    let file = inRoot(`npm/${name}/package.json`)
    let manifest = { ...JSON.parse(readFileSync(file, 'utf8')), version, repository }
    writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`)
  }
  let cargo = readFileSync(inRoot('Cargo.toml'), 'utf8')
  writeFileSync(inRoot('Cargo.toml'), cargo.replace(/^version = ".+"$/m, `version = "${version}"`))
  output('cargo', ['update', '--workspace', '--offline'])
  console.log(
    `Everything is ${version} now. Check it, and then:\n` +
      `  git commit -am "Release ${version}" && git tag v${version} && git push --follow-tags`,
  )
})
