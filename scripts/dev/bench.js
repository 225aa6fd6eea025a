/**
 * Compares this package with what could be used instead: sets the checkout and `bench/` up, starts a
 * Redis that is thrown away, and measures. `npm run bench -- --quick` takes two minutes, the whole a
 * quarter of an hour; `--only ours,node-redis` compares these.
 */
import { spawn } from 'node:child_process'

import { installPackages } from '../build/packages.js'
import { environment, main, NODE, ROOT } from '../project.js'
import { startRedisServer } from '../redis-server.js'
import { setUp } from '../build/setup.js'

await main(import.meta.url, async () => {
  setUp()
  installPackages('bench')
  let redis = await startRedisServer()
  try {
    process.exitCode = await runBench([String(redis.port), ...process.argv.slice(2)])
  } finally {
    await redis.stop()
  }
})

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
