/** A visitor who only reads gets the page, whatever Redis does not let us write at the moment. */
import { rm } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { backends, type OpenStorage } from '../support/backends.ts'
import { failure, stored, valueOf } from '../support/failure.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

const tested = new Set(['url', 'node-redis', 'ioredis', 'iovalkey'])

describe.each(backends.filter(({ name }) => tested.has(name)))('over $name', (backend) => {
  let redis: TestRedis
  let open: OpenStorage
  let id: string
  beforeEach(async () => {
    redis = await startRedis()
    open = await backend.create(redis, { ttl: 100 })
    id = await stored(open.storage, 'here')
  })
  afterEach(async () => {
    await open.close()
    await redis.stop()
  })

  async function errorsOf(code: string): Promise<number> {
    let stats = await redis.side.info('errorstats')
    return Number(new RegExp(`errorstat_${code}:count=(\\d+)`).exec(stats)?.[1] ?? 0)
  }

  async function failToSave() {
    let { dir } = await redis.side.configGet('dir')
    await rm(dir!, { recursive: true })
    await redis.side.configSet('save', '1 1')
    await redis.side.bgSave()
    await expect.poll(() => redis.side.info('persistence')).toContain('rdb_last_bgsave_status:err')
  }

  test.each<[string, (redis: TestRedis) => Promise<unknown>]>([
    ['READONLY', () => redis.side.sendCommand(['REPLICAOF', '127.0.0.1', '1'])],
    ['NOREPLICAS', () => redis.side.configSet('min-replicas-to-write', '1')],
    ['MISCONF', failToSave],
    ['NOPERM', () => redis.side.aclSetUser('default', ['-getex', '-expire'])],
  ])('reads while Redis answers %s to writes', async (code, refuseWrites) => {
    await refuseWrites(redis)
    let session = await open.storage.read(id)

    expect(session.get('value')).toBe('here')
    expect(await open.storage.save(session)).toBe(null)
    expect(await errorsOf(code)).toBeGreaterThan(0)
  })

  test('refreshes the TTL again when Redis takes writes again', async () => {
    await redis.side.configSet('min-replicas-to-write', '1')
    await valueOf(open.storage, id)
    await redis.side.configSet('min-replicas-to-write', '0')
    await redis.side.expire(`session:${id}`, 5)
    await valueOf(open.storage, id)
    expect(await redis.side.ttl(`session:${id}`)).toBe(100)

    let commands = await redis.commandsDuring(() => open.storage.read(id))
    expect(commands.map(([name]) => name!.toUpperCase())).toEqual(['GETEX'])
  })

  test('asks a user who may not use GETEX only once for it', async () => {
    await redis.side.aclSetUser('default', ['-getex'])
    await redis.side.expire(`session:${id}`, 5)
    for (let i = 0; i < 3; i++) expect(await valueOf(open.storage, id)).toBe('here')

    expect(await errorsOf('NOPERM')).toBe(1)
    expect(await redis.side.ttl(`session:${id}`)).toBe(100)
  })

  test('fails when Redis refuses to read, too, in its words', async () => {
    await redis.side.aclSetUser('default', ['-getex', '-get'])
    let { error } = await failure(open.storage.read(id))

    expect(error).toMatchObject({ code: 'REDIS', reply: 'NOPERM' })
    expect(error.message).toContain("'get'")
  })

  test('finds a session all the same, as it was before or after a save that was made meanwhile', async () => {
    let session = await open.storage.read(null)
    session.set('value', 'first')
    await open.storage.save(session)
    await redis.side.aclSetUser('default', ['-getex'])
    session.set('value', 'second')
    let read = open.storage.read(session.id)
    let saved = open.storage.save(session)

    expect(['first', 'second']).toContain((await read).get('value'))
    expect(await saved).toBe(session.id)
    expect(await valueOf(open.storage, session.id)).toBe('second')
  })
})
