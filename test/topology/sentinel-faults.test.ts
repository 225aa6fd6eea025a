/** What users see while servers behind sentinels fail, and the sentinels, too. */
import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { onTestFinished, test } from 'vitest'

import { startBreakableSentinels } from '../support/breakable.ts'
import { FAULTS_TIMEOUT, surviveFaults } from '../support/random-faults.ts'

const TIMEOUT = 1000

/** Milliseconds. Some faults last until another server is the primary. */
const LONGEST = 3000

async function start() {
  let redis = await startBreakableSentinels()
  onTestFinished(() => redis.stop())
  let storage = createRedisSessionStorage({ ...redis.options, timeout: TIMEOUT, connections: 2 })
  onTestFinished(() => storage.close())
  return { redis, storage }
}

test(
  'whatever fails, requests end in time and nobody gets the session of another',
  () => surviveFaults(start, { timeout: TIMEOUT, longest: LONGEST }),
  FAULTS_TIMEOUT,
)
