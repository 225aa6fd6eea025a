/**
 * Runs the demo: sets the checkout up, finds a Redis for it (`REDIS_URL`, or one of its own that
 * stops with it), and starts it. `npm run demo -- --cluster` has it use a Redis Cluster (`REDIS_URL`
 * with nodes of it, by commas, or a temporary one). `npm run demo -- --check` has a script visit it instead,
 * with a temporary Redis.
 */
import { randomBytes } from 'node:crypto'

import { setUp } from '../build/setup.js'
import { main, supervise } from '../project.js'
import { startRedisServer } from '../redis-server.js'
import { startDemoCluster } from './demo-cluster.js'
import { cookieSecret, startDemoRedis } from './demo-redis.js'

await main(import.meta.url, async () => {
  let args = process.argv.slice(2)
  let isCheck = args.includes('--check')
  setUp()

  let redis = process.env.REDIS_URL ? undefined : await startRedis(args)
  let secret = isCheck ? randomBytes(32).toString('hex') : cookieSecret()
  try {
    process.exitCode = await supervise(['demo/main.ts', ...args], {
      REDIS_URL: redis ? redis.url : process.env.REDIS_URL,
      SESSION_SECRET: process.env.SESSION_SECRET || secret,
    })
  } finally {
    if (redis) await redis.stop()
  }
})

/**
 * @param {string[]} args
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 */
async function startRedis(args) {
  if (args.includes('--cluster')) return startDemoCluster()
  let { port, stop } = await (args.includes('--check') ? startRedisServer : startDemoRedis)()
  return { url: `redis://127.0.0.1:${port}`, stop }
}
