/**
 * Compares this package with what could be used instead: sets the checkout and `bench/` up, starts a
 * temporary Redis and a temporary Valkey, and measures. `npm run bench -- --quick` takes four minutes, a complete run
 * twenty; `--only ours,node-redis` compares just these, and `--before <folder>` adds the
 * version of another checkout.
 */
import { installPackages } from '../build/packages.js'
import { setUp } from '../build/setup.js'
import { main, supervise } from '../project.js'
import { ensureValkey } from '../other-servers.js'
import { startRedisServer } from '../redis-server.js'

await main(import.meta.url, async () => {
  setUp()
  installPackages('bench')
  let binary = ensureValkey()
  let servers = [await startRedisServer(), await startRedisServer({ binary })]
  try {
    let args = [...servers.map(({ port }) => String(port)), ...process.argv.slice(2)]
    process.exitCode = await supervise(['bench/main.ts', ...args])
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
})
