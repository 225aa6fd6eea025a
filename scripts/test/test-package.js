/**
 * Tests the package as it is installed: builds the addons (of these platforms: `npm run test:package
 * -- linux-x64-gnu`; of all, if none is named), packs, installs and runs them. `--prebuilt` takes the
 * addons as they are. Says at the end what could not be run.
 */
import { buildPlatforms } from '../build/build-all.js'
import { installPackages } from '../build/packages.js'
import { PLATFORMS } from '../build/platforms.js'
import { setUp } from '../build/setup.js'
import { ensureProgram } from '../programs.js'
import { main, SetupError } from '../project.js'
import { builtPlatforms } from '../release/pack.js'
import { installEmulators } from './emulators.js'
import { printFailed, runVitest } from './suites.js'

await main(import.meta.url, () => {
  let args = process.argv.slice(2)
  let names = args.filter((arg) => arg in PLATFORMS)
  let unknown = args.filter((arg) => !(arg in PLATFORMS) && arg !== '--prebuilt')
  if (unknown.length > 0) throw new SetupError(`Unknown: ${unknown.join(', ')}`)

  installPackages()
  // Before the set-up, which need not build what this has built.
  if (!args.includes('--prebuilt'))
    buildPlatforms(names.length > 0 ? names : Object.keys(PLATFORMS))
  setUp()
  installPackages('test/package')
  ensureProgram('redis')
  ensureProgram('openssl')
  installEmulators(builtPlatforms())

  let { passed, failed, skipped } = runVitest(['--config', 'test/package/vitest.config.ts'])
  printFailed(failed)
  for (let name of skipped) console.log(`Not run: ${name}`)
  for (let name of Object.keys(PLATFORMS).filter((name) => !builtPlatforms().includes(name))) {
    console.log(`Not built, so not tested: ${name}`)
  }
  if (passed + failed.length === 0) console.log('Problem: no test ran')
  let notRun = skipped.length > 0 ? `, ${skipped.length} not run` : ''
  console.log(`${passed} passed, ${failed.length} failed${notRun}`)
  if (failed.length > 0 || passed === 0) process.exitCode = 1
})
