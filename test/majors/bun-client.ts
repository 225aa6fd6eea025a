/** Run by Bun: the contract over its own client. */
import { strict as assert } from 'node:assert'

import { createRedisSessionStorage } from '../../dist/index.js'
import { checkContract } from '../support/contract.ts'

// Node knows no module of this name, and neither do its types.
let { RedisClient } = await import('bun' as string)
let client = new RedisClient(process.argv[2])

for (let onConflict of ['overwrite', 'merge'] as const) {
  let storage = createRedisSessionStorage({ client, onConflict, timeout: 10_000 })
  await checkContract(storage, onConflict)
  await client.send('LPUSH', ['session:list', 'x'])
  await assert.rejects(storage.read('list'), { code: 'CORRUPT' })

  let session = await storage.read(null)
  session.set('value', 'new')
  let id = await storage.save(session)
  assert.ok((await client.send('TTL', [`session:${id}`])) > 600_000)
  await client.send('CONFIG', ['SET', 'maxmemory', '1'])
  session.set('value', 'newer')
  await assert.rejects(storage.save(session), { code: 'REDIS', reply: 'OOM' })
  await client.send('CONFIG', ['SET', 'maxmemory', '0'])
}
client.close()
let closed = createRedisSessionStorage({ client, timeout: 1000 })
await assert.rejects(closed.read('id'), { code: 'DISCONNECTED' })
console.log('kept')
