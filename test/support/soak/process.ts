/** A process that does everything an app can do with storages, at the same time: `soak.ts` starts it. */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

import { Cluster, Redis } from 'ioredis'
import { createRedisSessionStorage, type UrlOptions } from 'remix-session-storage-redis'

import { inWords, keepDiary, type Diary, type Rules } from './diary.ts'
import { usage, type Usage } from '../usage.ts'
import { counter, member, type User, type World } from './users.ts'

export interface SoakOptions extends Rules {
  storage: UrlOptions
  keeps: boolean
}

/** Its heap includes the buffers: what leaks is known by the sum. */
export interface Sample extends Diary, Omit<Usage, 'buffers'> {}

let { storage: options, keeps, ...rules }: SoakOptions = JSON.parse(process.argv[2]!)
let keeper = keepDiary(rules)
let world: World = { keeper, keeps }
for (let event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, (error: unknown) => keeper.problem(`${event}: ${inWords(error)}`))
}

let storage = createRedisSessionStorage(options)
let client = openClient(options)
client.on('error', () => {})
let overClient = createRedisSessionStorage({ client, timeout: options.timeout })

function openClient({ url, cluster, sentinel }: UrlOptions): Redis | Cluster {
  let nodes = [url].flat().map((text) => {
    let { hostname: host, port } = new URL(text)
    return { host, port: Number(port) }
  })
  if (cluster) return new Cluster(nodes)
  if (sentinel) return new Redis({ sentinels: nodes, name: sentinel.name })
  return new Redis(nodes[0]!)
}

/** Has a storage of its own for each visit. */
let number = 0
async function opener() {
  keeper.diary.storages++
  let own = createRedisSessionStorage(options)
  try {
    let visit = counter(own, { name: `opener ${number++}`, size: 10 }, world)
    await visit()
    await visit()
  } finally {
    await own.close()
  }
}

/** Ends a worker in the middle of its work. */
async function foreman() {
  keeper.diary.storages++
  let worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: options })
  await once(worker, 'message')
  await worker.terminate()
}

/** Users, and how many milliseconds there are between their visits. */
let users: [user: User, pause: number][] = [
  ...many(32, (name) => counter(storage, { name: `small ${name}`, size: 200 }, world), 5),
  ...many(2, (name) => counter(storage, { name: `large ${name}`, size: 100_000 }, world), 100),
  ...many(4, (name) => counter(overClient, { name: `client ${name}`, size: 200 }, world), 20),
  ...many(8, (name) => member(storage, `member ${name}`, world), 10),
  ...many(2, () => opener, 10),
  ...many(1, () => foreman, 200),
]

function many(count: number, user: (name: number) => User, pause: number): [User, number][] {
  return Array.from({ length: count }, (_, name) => [user(name), pause])
}

let isPaused = false
let visits: Promise<unknown> = Promise.resolve()

function goOn() {
  isPaused = false
  visits = Promise.all(
    users.map(async ([user, pause]) => {
      while (!isPaused) {
        await keeper.attempt(user)
        await sleep(2 * pause * Math.random())
      }
    }),
  )
}

async function pause(): Promise<Sample> {
  isPaused = true
  await visits
  let { buffers, ...used } = await usage()
  return { ...keeper.diary, ...used, heap: used.heap + buffers }
}

process.on('message', async () => {
  let sample = await pause()
  process.send!(sample)
  goOn()
})
process.on('disconnect', () => process.exit())
goOn()
