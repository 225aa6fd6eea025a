/**
 * Runs the demo: sets the checkout up, finds a Redis for it (`REDIS_URL`, or one of its own that
 * stops with it), and starts it. `npm run demo -- --check` visits it by script instead, with a Redis
 * that is thrown away.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'

import { cookieSecret, startDemoRedis } from './demo-redis.js'
import { environment, main, NODE, ROOT } from '../project.js'
import { startRedisServer } from '../redis-server.js'
import { setUp } from '../build/setup.js'

await main(import.meta.url, async () => {
  let args = process.argv.slice(2)
  let isCheck = args.includes('--check')
  setUp()

  let redis = process.env.REDIS_URL
    ? undefined
    : await (isCheck ? throwAwayRedis : startDemoRedis)()
  let secret = isCheck ? randomBytes(32).toString('hex') : cookieSecret()
  try {
    process.exitCode = await runApp(args, {
      ...environment(),
      REDIS_URL: redis ? redis.url : process.env.REDIS_URL,
      SESSION_SECRET: process.env.SESSION_SECRET || secret,
    })
  } finally {
    if (redis) await redis.stop()
  }
})

async function throwAwayRedis() {
  let { port, stop } = await startRedisServer()
  return { url: `redis://127.0.0.1:${port}`, stop }
}

/**
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} Its exit code
 */
function runApp(args, env) {
  // With the channel, the app notices when this process is gone, and ends too.
  let child = spawn(NODE, ['demo/main.ts', ...args], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  // This process ends after the app, whose Redis it has to stop.
  let stop = () => child.kill('SIGTERM')
  for (let signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop)
  if (process.env.npm_lifecycle_event) whenOrphaned(stop)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code === null ? 1 : code))
  })
}

/**
 * npm runs a script by a shell. When somebody ends npm, the shell is what npm passes that on to, and
 * some shells end without telling us.
 *
 * @param {() => void} notify
 */
function whenOrphaned(notify) {
  let parent = process.ppid
  let timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    notify()
  }, 300)
  timer.unref()
}
