/** Everything that is compared; the first is what all others are compared with. */
import type { Contender } from './contender.ts'
import { overIoredis, overNodeRedis, url } from './ours.ts'
import { glide, ioredis, ioredisAuto, iovalkeyAuto, map, nodeRedis } from './original.ts'

export const contenders: Record<string, Contender> = {
  ours: url,
  'ours-node-redis': overNodeRedis,
  'ours-ioredis': overIoredis,
  'node-redis': nodeRedis,
  ioredis,
  'ioredis-auto': ioredisAuto,
  'iovalkey-auto': iovalkeyAuto,
  glide,
  map,
}
