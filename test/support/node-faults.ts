/** What can happen to one of several servers, and to the network before it. */
import { setTimeout as sleep } from 'node:timers/promises'

import type { RestartableRedis } from '../../scripts/restartable-redis.js'
import type { Proxy } from './proxy.ts'

export const NODE_FAULTS = [
  ...(['kill', 'pause', 'cut', 'reset', 'refuse', 'garbage'] as const),
  ...(['hold', 'half-open', 'black hole', 'throttle', 'jitter'] as const),
]

export type NodeFault = (typeof NODE_FAULTS)[number]

/** Breaks a server, or the network before it, for so many milliseconds, and mends it. */
export async function breakNode(
  node: RestartableRedis & { proxy?: Proxy },
  fault: NodeFault,
  milliseconds: number,
): Promise<void> {
  let proxy = node.proxy!
  switch (fault) {
    case 'kill':
      await node.kill()
      await sleep(milliseconds)
      return node.start()
    case 'pause':
      node.pause()
      await sleep(milliseconds)
      return node.resume()
    case 'cut':
      return proxy.cut()
    case 'reset':
      return proxy.reset()
    case 'garbage':
      return proxy.inject('\0 what Redis never says\r\n')
    case 'refuse':
      await proxy.refuse()
      await sleep(milliseconds)
      return proxy.accept()
    case 'hold':
      proxy.hold(true)
      await sleep(milliseconds)
      return proxy.release()
    case 'half-open':
      proxy.holdFrom(milliseconds % 2 === 0 ? 'client' : 'server')
      await sleep(milliseconds)
      return proxy.release()
    case 'black hole':
      proxy.holdNewOnes()
      proxy.cut()
      await sleep(milliseconds)
      return proxy.release()
    case 'throttle':
      proxy.throttle(20_000)
      await sleep(milliseconds)
      return proxy.throttle(Infinity)
    case 'jitter':
      proxy.jitter(100)
      await sleep(milliseconds)
      return proxy.jitter(0)
  }
}
