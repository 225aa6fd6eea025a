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

/** Saves a session over the text that was read, twice, and gives the commands for it. */
async function commandsOf(backend: Backend, filler = ''): Promise<string[][]> {
  await redis.side.scriptFlush()
  let { storage, close } = await backend.create(redis, { onConflict: 'merge' })
  let session = await storage.read(null)
  session.set('count', 0)
  session.set('filler', filler)
  await storage.save(session)
  let commands = await redis.commandsDuring(async () => {
    for (let count of [1, 2]) {
      session.set('count', count)
      expect(await storage.save(session)).toBe(session.id)
    }
  })
  await close()
  return commands
}

function isScript([name]: string[]): boolean {
  return name!.toUpperCase().startsWith('EVAL')
}

/** What the scripts are called by. */
async function scriptsOf(backend: Backend): Promise<string[][]> {
  let scripts = (await commandsOf(backend)).filter(isScript)
  return scripts.map(([name, script]) => [name!.toUpperCase(), script!])
}

/** The name of a script, in which MONITOR shows line feeds as `\n`. */
function nameOf(script: string): string {
  return createHash('sha1').update(script.replaceAll('\\n', '\n')).digest('hex')
}

test('the same one, which is sent once and then called by its name', async () => {
  let [[command, script] = [], ...others] = await scriptsOf(native)
  expect(command).toBe('EVAL')
  expect(others).toEqual([['EVALSHA', nameOf(script!)]])

  for (let backend of [nodeRedis, ioredis]) {
    expect(await scriptsOf(backend)).toEqual([['EVAL', script], ...others])
  }
})

test('over a URL, the text of a large session does not pass through a script', async () => {
  let commands = await commandsOf(native, 'x'.repeat(2048))
  let [whole, named, ...others] = commands.filter(isScript)
  expect(others).toEqual([])
  expect([whole![0], named![0]]).toEqual(['EVAL', 'EVALSHA'])
  expect(named![1]).toBe(nameOf(whole![1]!))

  let ids = new Set<string>()
  for (let [, , , session, staged, ...values] of [whole!, named!]) {
    let [, id] = /^session:gone:([0-9a-f]{16}-\d+)\{(.*)\}$/.exec(staged!)!
    ids.add(id!)
    expect(staged!.endsWith(`{${session}}`)).toBe(true)
    expect(values).toEqual(['-11', expect.any(String), 'EXPIRE', '604800'])
    let text = expect.stringContaining('x'.repeat(2048))
    expect(commands).toContainEqual(['SET', staged, text, 'EX', '60'])
  }
  expect(ids.size).toBe(2)
  expect(await redis.side.keys('session:gone:*')).toEqual([])
})
