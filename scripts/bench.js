/**
 * Compares this package with what could be used instead: sets the checkout and `bench/` up, starts a
 * Redis that is thrown away, and measures. `npm run bench -- --quick` takes two minutes, the whole a
 * quarter of an hour; `--only ours,node-redis` compares these.
 */
import { spawn, spawnSync } from 'node:child_process'

import { environment, inRoot, main, NODE, ROOT, SetupError } from './project.js'
import { startRedisServer } from './redis-server.js'
import { setUp } from './setup.js'
import { isStale } from './staleness.js'

await main(import.meta.url, async () => {
  setUp()
  installPeers()
  let redis = await startRedisServer()
  try {
    process.exitCode = await runBench([String(redis.port), ...process.argv.slice(2)])
  } finally {
    await redis.stop()
  }
})

/** Installs what is compared with, unless it is there. */
function installPeers() {
  if (!isStale('bench/node_modules/.package-lock.json', ['bench/package-lock.json'])) return

  console.log('Installing the npm packages of bench/ …')
  let isWindows = process.platform === 'win32'
  let { status, stdout, stderr, error } = spawnSync(
    isWindows ? 'npm.cmd' : 'npm',
    ['ci', '--no-audit', '--no-fund'],
    { cwd: inRoot('bench'), encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], shell: isWindows },
  )
  if (status === 0) return
  console.error(error ? error.message : stdout + stderr)
  throw new SetupError('The npm packages of bench/ could not be installed: see above.')
}

/**
 * @param {string[]} args
 * @returns {Promise<number>} Its exit code
 */
function runBench(args) {
  let child = spawn(NODE, ['bench/main.ts', ...args], {
    cwd: ROOT,
    env: environment(),
    // With the channel, it notices when this process is gone, and ends too.
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  // This process ends after it, whose Redis it has to stop.
  for (let signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill())
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code === null ? 1 : code))
  })
}
