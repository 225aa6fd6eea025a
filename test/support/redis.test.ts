/** What the servers of the tests are. */
import { expect, onTestFinished, test } from 'vitest'

import { servers, startRedis, tested } from './redis.ts'
import { sentinelOf } from './sentinel.ts'

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

test('what a sentinel says to a server is not among the commands of a test', async () => {
  let redis = await startRedis()
  onTestFinished(() => redis.stop())
  await sentinelOf(redis.port)
  let listener = redis.side.duplicate()
  await listener.connect()
  onTestFinished(() => listener.destroy())
  let said = () => {}
  await listener.subscribe('__sentinel__:hello', () => said())
  let commands = await redis.commandsDuring(async () => {
    await new Promise<void>((resolve) => (said = resolve))
    await redis.side.set('key', 'value')
  })

  expect(commands).toEqual([['SET', 'key', 'value']])
})
