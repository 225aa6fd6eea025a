/**
 * Tests the package as it is installed: builds the addons (of these platforms: `npm run test:package
 * -- linux-x64-gnu`; of all, if none is named), packs, installs and runs them. `--prebuilt` takes the
 * addons as they are. Says at the end what could not be run.
 */
import { buildPlatforms } from '../build/build-all.js'
import { installEmulators } from './emulators.js'
import { ensureOpenssl } from './openssl.js'
import { builtPlatforms } from '../release/pack.js'
import { installPackages } from '../build/packages.js'
import { main, SetupError } from '../project.js'
import { ensureRedisServer } from '../redis-server.js'
import { setUp } from '../build/setup.js'
import { TARGETS } from '../build/platforms.js'
import { runVitest } from './vitest.js'

await main(import.meta.url, () => {
  let args = process.argv.slice(2)
  let names = args.filter((arg) => arg in TARGETS)
  let unknown = args.filter((arg) => !(arg in TARGETS) && arg !== '--prebuilt')
  if (unknown.length > 0) throw new SetupError(`Unknown: ${unknown.join(', ')}`)

  installPackages()
  // Before the set-up, which need not build what this has built.
  if (!args.includes('--prebuilt')) buildPlatforms(names.length > 0 ? names : Object.keys(TARGETS))
  setUp()
  installPackages('test/package')
  ensureRedisServer()
  ensureOpenssl()
  installEmulators(builtPlatforms())

  let result = runVitest(['--config', 'test/package/vitest.config.ts'])
  let { passed, failed, skipped, crashed, skippedNames } = result
  for (let name of skippedNames) console.log(`Not run: ${name}`)
  for (let name of Object.keys(TARGETS).filter((name) => !builtPlatforms().includes(name))) {
    console.log(`Not built, so not tested: ${name}`)
  }
  if (crashed) console.log('Problem: the runner failed outside of a test, see above')
  if (passed + failed === 0) console.log('Problem: no test ran')
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} not run` : ''}`)
  if (failed > 0 || crashed || passed === 0) process.exitCode = 1
})
