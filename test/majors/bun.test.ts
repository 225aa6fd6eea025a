/** Bun's own client works in Bun only. */
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

import { NATIVE, programOf } from '../package/support/runtimes.ts'
import { startRedis } from '../support/redis.ts'

const SCRIPT = path.join(import.meta.dirname, 'bun-client.ts')

test('RedisClient of Bun keeps the contract', { timeout: 120_000 }, async () => {
  let bun = await programOf(NATIVE.find(({ name }) => name === 'Bun')!)
  let redis = await startRedis()
  let { stdout } = await promisify(execFile)(bun, [SCRIPT, redis.url], { timeout: 60_000 })

  expect(stdout.trim()).toBe('kept')
  await redis.stop()
})
