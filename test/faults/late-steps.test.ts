/** A save that takes many steps, the last of them when there is hardly any time left. */
import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { expect, test } from 'vitest'

import { failure, SLACK, stored, valueOf } from '../support/failure.ts'
import { startProxy } from '../support/proxy.ts'
import { startRedis } from '../support/redis.ts'

const TIMEOUT = 500

test('one that never gets through fails at its deadline, and the connection stays', async () => {
  let redis = await startRedis()
  let proxy = await startProxy(redis)
  let storage = createRedisSessionStorage({ url: proxy.url, timeout: TIMEOUT })
  let id = await stored(storage, 'here')
  proxy.jitter(2)

  let isOver = false
  let others = (async () => {
    for (let count = 0; !isOver; count++) {
      await redis.side.set(`session:${id}`, `[{"value":"here","count":${count}},{}]`)
    }
  })()
  try {
    for (let round = 0; round < 5; round++) {
      let session = await storage.read(id)
      session.set('mine', round)
      let { error, duration } = await failure(storage.save(session))
      expect(error.code).toBe('TIMEOUT')
      expect(duration).toBeLessThan(TIMEOUT + SLACK)
    }
    expect(await valueOf(storage, id)).toBe('here')
    expect(proxy.connections).toBe(1)
  } finally {
    isOver = true
    await others
    await storage.close()
    await proxy.stop()
    await redis.stop()
  }
})
