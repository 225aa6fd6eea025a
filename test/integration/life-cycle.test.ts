/**
 * Storages that come and go with commands in flight, on one server and on a cluster: nothing breaks, and nothing
 * of them stays behind. `LIFE_CYCLE_ROUNDS=5` does five times as much, with 200 workers that are terminated.
 */
import { createRedisSessionStorage, type UrlOptions } from 'remix-session-storage-redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { startCluster } from '../support/cluster.ts'
import { failure, stored, valueOf } from '../support/failure.ts'
import { startRedis } from '../support/redis.ts'
import { runScript, workerUrl } from '../support/script.ts'
import type { Usage } from '../support/usage.ts'

const ROUNDS = Number(process.env.LIFE_CYCLE_ROUNDS ?? 1)

/** Milliseconds. */
const LONGEST = 60_000 * ROUNDS

const MB = 2 ** 20

/**
 * How many bytes a process may have grown by. What `malloc` keeps for later is chance, up to 60 MB; a
 * storage that stays takes a tenth of a megabyte of buffers.
 */
const MOST_MORE = { resident: 80 * MB, heap: 2 * MB, buffers: 2 * MB }

/** Has a script know what its own process uses. */
const USAGE = `
  import { usage } from ${JSON.stringify(new URL('../support/usage.ts', import.meta.url))}
`

/** Keeps reads and saves in flight for ever. */
const BUSY = `
  let storage = createRedisSessionStorage({ ...place, timeout: 5000 })
  await storage.connect()
  async function visit(value) {
    let session = await storage.read(null)
    for (;;) {
      session.set('value', value)
      await Promise.all([storage.read('unknown-' + value), storage.save(session)])
    }
  }
  for (let value = 0; value < 50; value++) visit(value)
`

const BUSY_WORKER = `${BUSY}
  parentPort.postMessage('busy')
`

/** Where storages find their sessions. */
interface Place {
  options: UrlOptions
  stop(): Promise<void>
}

async function oneServer(): Promise<Place> {
  let { url, stop } = await startRedis()
  return { options: { url }, stop }
}

async function threePrimaries(): Promise<Place> {
  let { urls, stop } = await startCluster({ replicas: 0 })
  return { options: { url: urls, cluster: true }, stop }
}

describe.each([
  { where: 'one server', start: oneServer },
  { where: 'a cluster', start: threePrimaries },
])('on $where', ({ start }) => {
  let place: Place
  beforeAll(async () => {
    place = await start()
  })
  afterAll(() => place.stop())

  /** Runs a script that prints what its process has used before and after its work, and compares. */
  async function expectNothingLeft(script: string, values: Record<string, unknown> = {}) {
    let { end, output, errors } = await runScript(USAGE + script, {
      values: { place: place.options, ROUNDS, ...values },
      args: ['--expose-gc'],
      timeout: LONGEST - 5000,
    })
    expect({ end, errors }).toEqual({ end: 0, errors: '' })

    let { before, after } = JSON.parse(output) as { before: Usage; after: Usage }
    expect(after.threads).toBeLessThanOrEqual(before.threads)
    expect(after.descriptors).toBeLessThanOrEqual(before.descriptors)
    let kinds = ['resident', 'heap', 'buffers'] as const
    let grown = kinds.filter((kind) => after[kind] - before[kind] > MOST_MORE[kind])
    expect(grown.map((kind) => [kind, before[kind], after[kind]])).toEqual([])
  }

  test('closing lets what is in flight finish, and is done once', async () => {
    let storage = createRedisSessionStorage(place.options)
    let ids = await Promise.all(Array.from({ length: 200 }, (_, index) => stored(storage, index)))
    let sessions = await Promise.all(ids.map((id) => storage.read(id)))
    for (let session of sessions) session.set('value', 'changed')
    let saves = sessions.map((session) => storage.save(session))
    await Promise.all([storage.close(), storage.close()])

    expect(await Promise.all(saves)).toEqual(ids)
    expect((await failure(storage.read(ids[0]!))).error.code).toBe('CLOSED')
    let other = createRedisSessionStorage(place.options)
    for (let id of ids) expect(await valueOf(other, id)).toBe('changed')
    await other.close()
  })

  test('a thousand that were used and closed leave nothing', { timeout: LONGEST }, () =>
    expectNothingLeft(`
      async function useOne() {
        let storage = createRedisSessionStorage(place)
        let session = await storage.read(null)
        session.set('value', 'here')
        await storage.save(session)
        if ((await storage.read(session.id)).get('value') !== 'here') throw new Error('Lost')
        await storage.close()
      }
      async function use(count) {
        for (let done = 0; done < count; done += 10) await Promise.all(Array.from({ length: 10 }, useOne))
      }
      await use(200)
      let before = await usage()
      await use(1000 * ROUNDS)
      console.log(JSON.stringify({ before, after: await usage() }))
    `),
  )

  test('a hundred that were used and dropped leave nothing', { timeout: LONGEST }, () =>
    expectNothingLeft(`
      async function use(count) {
        await Promise.all(Array.from({ length: count }, () => createRedisSessionStorage(place).ping()))
      }
      async function useAndDrop(threads) {
        await use(100)
        for (;;) {
          let now = await usage()
          if (now.threads <= threads) return now
        }
      }
      let { threads } = await usage()
      let before = await useAndDrop(threads)
      let after
      for (let round = 0; round < ROUNDS; round++) after = await useAndDrop(threads)
      console.log(JSON.stringify({ before, after }))
    `),
  )

  test(
    'workers that are terminated with commands in flight leave nothing',
    { timeout: LONGEST },
    () =>
      expectNothingLeft(
        `
        import { once } from 'node:events'
        import { Worker } from 'node:worker_threads'
        async function terminate(count) {
          let left = count
          async function oneAfterTheOther() {
            while (left-- > 0) {
              let thread = new Worker(new URL(worker))
              await once(thread, 'message')
              let exitCode = await thread.terminate()
              if (exitCode !== 1) throw new Error('Exit code ' + exitCode)
            }
          }
          await Promise.all(Array.from({ length: 8 }, oneAfterTheOther))
        }
        await terminate(8)
        let before = await usage()
        await terminate(40 * ROUNDS)
        console.log(JSON.stringify({ before, after: await usage() }))
      `,
        { worker: workerUrl(BUSY_WORKER, { place: place.options }) },
      ),
  )

  test(
    'process.exit() with commands in flight, also in workers',
    { timeout: LONGEST },
    async () => {
      let worker = workerUrl(BUSY_WORKER, { place: place.options })
      for (let round = 0; round < 3 * ROUNDS; round++) {
        let { end, output, errors } = await runScript(
          `
          import { once } from 'node:events'
          import { Worker } from 'node:worker_threads'
          let workers = Array.from({ length: 4 }, () => new Worker(new URL(worker)))
          await Promise.all(workers.map((worker) => once(worker, 'message')))
          ${BUSY}
          setTimeout(() => {
            console.log('exiting')
            process.exit(7)
          }, 30 * Math.random())
        `,
          { values: { place: place.options, worker } },
        )

        expect({ end, output, errors }).toEqual({ end: 7, output: 'exiting', errors: '' })
      }
    },
  )
})
