/**
 * Publishes what was built: the packages of the platforms first, because the main one depends on
 * them. `npm run publish:all -- --dry-run` does everything but that; other options go to `npm publish`.
 */
import { buildDist } from '../build/build.js'
import { installPackages } from '../build/packages.js'
import { PLATFORMS } from '../build/platforms.js'
import { main, run, SetupError } from '../project.js'
import { builtPlatforms, packMain, packPlatform } from './pack.js'
import { requireRepository } from './repository.js'

await main(import.meta.url, () => {
  if (!process.argv.includes('--dry-run')) requireRepository()
  // Not the whole set-up: the addons are published as they were built and tested.
  installPackages()
  buildDist()
  let missing = Object.keys(PLATFORMS).filter((name) => !builtPlatforms().includes(name))
  if (missing.length > 0) {
    throw new SetupError(`Not built: ${missing.join(', ')}. Run: npm run build:all`)
  }
  for (let tarball of [...builtPlatforms().map(packPlatform), packMain()]) {
    if (!run('npm', ['publish', tarball, '--access', 'public', ...process.argv.slice(2)])) {
      throw new SetupError(`${tarball} could not be published: see above.`)
    }
  }
})
