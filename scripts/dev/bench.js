/**
 * Compares this package with what could be used instead: sets the checkout and `bench/` up, starts a
 * temporary Redis, a temporary Valkey and a temporary cluster, and measures. `npm run bench -- --quick` takes four minutes, a complete run
 * twenty; `--only ours,node-redis` compares just these, and `--before <folder>` adds the
 * version of another checkout.
 */
import { installPackages } from '../build/packages.js'
import { setUp } from '../build/setup.js'
import { ensureValkey } from '../other-servers.js'
import { main, supervise } from '../project.js'
import { startRedisCluster } from '../redis-cluster.js'
import { startRedisServer } from '../redis-server.js'

await main(import.meta.url, async () => {
  setUp()
  installPackages('bench')
  let binary = ensureValkey()
  let servers = [await startRedisServer(), await startRedisServer({ binary })]
  let cluster = await startRedisCluster({ replicas: 0 })
  try {
    let ports = [
      ...servers.map(({ port }) => port),
      cluster.nodes.map(({ port }) => port).join(','),
    ]
    let args = [...ports.map(String), ...process.argv.slice(2)]
    process.exitCode = await supervise(['bench/main.ts', ...args])
  } finally {
    await Promise.all([...servers, cluster].map(({ stop }) => stop()))
  }
})
