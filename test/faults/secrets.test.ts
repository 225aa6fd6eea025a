/** What fails shows no password, no id and no session data, however it is printed. */
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { backends } from '../support/backends.ts'
import { failure } from '../support/failure.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

describe.each(backends)('over $name', (backend) => {
  let redis: TestRedis
  beforeAll(async () => {
    let renamed = ['SET', 'SETEX', 'GET', 'GETEX'].flatMap((name) => ['--rename-command', name, ''])
    redis = await startRedis({ args: renamed })
  })
  afterAll(() => redis.stop())

  test('where Redis quotes the arguments of commands that it does not know', async () => {
    let { storage, close } = await backend.create(redis, { prefix: 'secret-prefix:' })
    let session = await storage.read(null)
    session.set('password', 'secret-value')

    for (let call of [() => storage.save(session), () => storage.read(session.id)]) {
      let { error } = await failure(call())
      let causes = error.cause instanceof Error ? [error.cause] : []
      expect(error).toMatchObject({ code: 'REDIS', reply: 'ERR' })
      expect(error.message).toMatch(/unknown command ['`](SET|SETEX|GET)['`]/i)
      for (let cause of causes) expect(cause.stack).toContain('    at ')
      for (let printed of [error, ...causes].flatMap((error) => [
        inspect(error, { showHidden: true, depth: 9 }),
        JSON.stringify(error),
        `${error.stack} ${error.message}`,
      ])) {
        expect(printed).not.toContain(session.id)
        expect(printed).not.toMatch(/secret|password/)
      }
    }
    await close()
  })
})
