/**
 * Runs the demo: sets the checkout up, finds a Redis for it (`REDIS_URL`, or one of its own that
 * stops with it), and starts it. `npm run demo -- --check` has a script visit it instead, with a
 * temporary Redis.
 */
import { randomBytes } from 'node:crypto'

import { setUp } from '../build/setup.js'
import { main, supervise } from '../project.js'
import { startRedisServer } from '../redis-server.js'
import { cookieSecret, startDemoRedis } from './demo-redis.js'

await main(import.meta.url, async () => {
  let args = process.argv.slice(2)
  let isCheck = args.includes('--check')
  setUp()

  let redis = process.env.REDIS_URL
    ? undefined
    : await (isCheck ? startRedisServer : startDemoRedis)()
  let secret = isCheck ? randomBytes(32).toString('hex') : cookieSecret()
  try {
    process.exitCode = await supervise(['demo/main.ts', ...args], {
      REDIS_URL: redis ? `redis://127.0.0.1:${redis.port}` : process.env.REDIS_URL,
      SESSION_SECRET: process.env.SESSION_SECRET || secret,
    })
  } finally {
    if (redis) await redis.stop()
  }
})
