/** Where the server cannot compare texts by itself, the core and passed clients have it run one script. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { ioredis, native, nodeRedis, type Backend } from '../support/backends.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

/** Saves a session over the text that was read, twice, and gives what the scripts were called by. */
async function scriptsOf(backend: Backend): Promise<string[][]> {
  await redis.side.scriptFlush()
  let { storage, close } = await backend.create(redis, { onConflict: 'merge' })
  let session = await storage.read(null)
  session.set('count', 0)
  await storage.save(session)
  let commands = await redis.commandsDuring(async () => {
    for (let count of [1, 2]) {
      session.set('count', count)
      expect(await storage.save(session)).toBe(session.id)
    }
  })
  await close()
  return commands
    .map(([name, script]) => [name!.toUpperCase(), script!])
    .filter(([name]) => name!.startsWith('EVAL'))
}

test('the same one, which is sent once and then called by its name', async () => {
  let [[command, script] = [], ...others] = await scriptsOf(native)
  expect(command).toBe('EVAL')
  // MONITOR shows line feeds as `\n`.
  let text = script!.replaceAll('\\n', '\n')
  let name = createHash('sha1').update(text).digest('hex')
  expect(others).toEqual([['EVALSHA', name]])

  for (let backend of [nodeRedis, ioredis]) {
    expect(await scriptsOf(backend)).toEqual([['EVAL', script], ...others])
  }
})
