/** A worker with a storage of its own and a few users, who come until it is terminated. */
import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { parentPort, workerData } from 'node:worker_threads'

let storage = createRedisSessionStorage(workerData)

async function visit() {
  for (;;) {
    let session = await storage.read(null)
    session.set('value', { name: 'worker', count: 0 })
    await storage.save(session)
    tell('visited')
  }
}

function tell(what: string) {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's has none
  parentPort!.postMessage(what)
}

for (let user = 0; user < 5; user++) visit().catch(() => tell('failed'))
