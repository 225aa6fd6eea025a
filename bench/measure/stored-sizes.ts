/** How large a session may be after a measurement: what is larger or smaller would be other work. */
import { isMerging } from '../contenders/index.ts'
import type { Load } from '../jobs/requests.ts'
import { works } from '../jobs/works.ts'

/** What a merging save adds, around and besides the names of the last saves. */
const AROUND_VERSION = ',{"v":""}'.length
const NAME = 8

/** A version names up to eight saves. */
const SAVES = [1, 2, 3, 4, 5, 6, 7, 8]

/** Returns the sizes in bytes that a session may have after a contender has worked with it. */
export function storedSizes({ work, size }: Load, name: string): number[] {
  if (!isMerging(name) || !works[work].isChange) return [size]
  return SAVES.map((saves) => size + AROUND_VERSION + saves * NAME)
}
