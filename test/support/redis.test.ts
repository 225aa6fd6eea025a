/** What the servers of the tests are. */
import { expect, onTestFinished, test } from 'vitest'

import { servers, startRedis, tested } from './redis.ts'

test.each(servers)('$name compares texts as it is said to', async ({ binary, knowsIfEqual }) => {
  let redis = await startRedis({ binary: binary() })
  onTestFinished(() => redis.stop())
  await redis.side.set('key', 'old')
  let reply = await redis.side.sendCommand(['SET', 'key', 'new', 'IFEQ', 'old']).catch(String)

  expect(reply).toBe(knowsIfEqual ? 'OK' : 'Error: ERR syntax error')
})

test('tests that choose no server get the one that is to be tested', async () => {
  let redis = await startRedis()
  onTestFinished(() => redis.stop())
  let info = await redis.side.info('server')

  // As in `redis_version:6.2.5`.
  let [name, version = ''] = tested.binary() === undefined ? ['redis'] : tested.name.split(' ')
  expect(info).toContain(`${name!.toLowerCase()}_version:${version}`)
})
