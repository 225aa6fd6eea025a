/**
 * Starts the demo, or with `--check` visits it. `npm run demo` does this with everything that it
 * needs: `REDIS_URL` (with `--cluster`, of nodes of one), and the `SESSION_SECRET` that session cookies are signed with.
 */
import { RedisSessionStorageError } from 'remix-session-storage-redis'

import { createApp } from './app.ts'
import { check } from './check.ts'
import { serve, type RunningServer } from './server.ts'
import { serversIn, type Servers } from './servers.ts'

const { REDIS_URL, SESSION_SECRET, PORT, HOST } = process.env

if (!REDIS_URL || !SESSION_SECRET) {
  console.error('REDIS_URL and SESSION_SECRET are needed. Run the demo with: npm run demo')
  process.exitCode = 1
} else if (process.argv.includes('--check')) {
  process.exitCode = (await check(serversIn(REDIS_URL, process.argv), SESSION_SECRET)) ? 0 : 1
} else {
  try {
    await start(serversIn(REDIS_URL, process.argv), SESSION_SECRET)
  } catch (error) {
    console.error(`\n${reasonOf(error)}`)
    process.exit(1)
  }
}

async function start(servers: Servers, secret: string): Promise<void> {
  let server: RunningServer
  let app = await createApp(servers, secret, () => server.origin)
  server = await serve(app, PORT ? Number(PORT) : undefined, HOST)
  console.log(`\n  The demo runs at ${server.url}\n  Ctrl-C stops it.\n`)

  let isStopping = false
  async function stop(): Promise<void> {
    // Ctrl-C arrives twice: from the terminal, and passed on by the script that started us.
    if (isStopping) return
    isStopping = true
    // Nobody waits longer than this for a request that hangs.
    setTimeout(() => process.exit(1), 5000).unref()
    await server.close()
    await app.close()
    // The channel would keep this process alive.
    if (process.connected) process.disconnect()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  // The script that started us is gone.
  process.on('disconnect', stop)
}

function reasonOf(error: unknown): unknown {
  if (error instanceof RedisSessionStorageError) return error.message
  let { code } = error as NodeJS.ErrnoException
  return code === 'EADDRINUSE' ? `Port ${PORT} is taken. Choose another one with PORT.` : error
}
