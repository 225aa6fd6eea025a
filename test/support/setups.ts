/** Every backend in every mode of `onConflict` that it has, for suites that all of them have to pass. */
import type { SessionOptions } from 'remix-session-storage-redis'

import { backends, type Backend } from './backends.ts'

export interface Setup {
  /** As in 'node-redis, merge'. */
  name: string
  backend: Backend
  options: Pick<SessionOptions, 'onConflict'>
}

export const setups: Setup[] = backends.flatMap((backend) =>
  (['overwrite', 'merge'] as const)
    // Clients of no known family can compare nothing, so that they are refused.
    .filter((onConflict) => onConflict === 'overwrite' || backend.isAtomic)
    .map((onConflict) => ({
      name: `${backend.name}, ${onConflict}`,
      backend,
      options: { onConflict },
    })),
)
