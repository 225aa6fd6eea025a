/** Everything that is compared; the first is what all others are compared with. */
import type { Contender } from './contender.ts'
import { before, overIoredis, overNodeRedis, url } from './ours.ts'
import { glide, ioredis, ioredisAuto, iovalkeyAuto, map, nodeRedis } from './original.ts'

const contenders: Record<string, Contender> = {
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

/**
 * Returns all contenders by their keys.
 *
 * @param folder is the root of another checkout of this package, which is to be compared, too
 */
export function contendersWith(folder: string | undefined): Record<string, Contender> {
  if (folder === undefined) return contenders
  let { ours, ...others } = contenders
  return { ours: ours!, before: before(folder), ...others }
}
