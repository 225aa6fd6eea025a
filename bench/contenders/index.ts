/** Everything that is compared; the first is what all others are compared with. */
import type { Contender } from './contender.ts'
import {
  before,
  overIoredis,
  overIoredisMerging,
  overNodeRedis,
  overNodeRedisMerging,
  url,
  urlMerging,
} from './ours.ts'
import { glide, ioredis, ioredisAuto, iovalkeyAuto, map, nodeRedis } from './original.ts'

const contenders: Record<string, Contender> = {
  ours: url,
  'ours-merge': urlMerging,
  'ours-node-redis': overNodeRedis,
  'ours-node-redis-merge': overNodeRedisMerging,
  'ours-ioredis': overIoredis,
  'ours-ioredis-merge': overIoredisMerging,
  'node-redis': nodeRedis,
  ioredis,
  'ioredis-auto': ioredisAuto,
  'iovalkey-auto': iovalkeyAuto,
  glide,
  map,
}

/** The keys of those that merge, by those that are the same but overwrite. */
export const MERGING: Record<string, string> = {
  ours: 'ours-merge',
  'ours-node-redis': 'ours-node-redis-merge',
  'ours-ioredis': 'ours-ioredis-merge',
}

/** The keys of the original over the same client, by those of ours over a client of the app. */
export const ORIGINALS: Record<string, string> = {
  'ours-node-redis': 'node-redis',
  'ours-ioredis': 'ioredis',
}

/** The keys of those that overwrite: it is they that are compared, like for like. */
export const OVERWRITING = Object.keys(contenders).filter((name) => !isMerging(name))

/** Whether the saves of a contender compare, and name themselves in what they store. */
export function isMerging(name: string): boolean {
  return Object.values(MERGING).includes(name)
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
