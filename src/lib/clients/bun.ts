/** The `RedisClient` of Bun. */
import type { ClientFamily } from './client-adapter.ts'
import { textAt, type ClientErrors } from './client-error.ts'
import { commandAdapter } from './command-adapter.ts'
import { hasMethod } from './redis-client.ts'

const errors: ClientErrors = {
  replyIn: (error) =>
    textAt(error, 'code') === 'ERR_REDIS_SERVER_ERROR' ? textAt(error, 'message') : undefined,
  isTimeout: (error) => textAt(error, 'code').endsWith('_TIMEOUT'),
}

export const bun: ClientFamily = {
  includes: (client) => hasMethod(client, 'getex') && hasMethod(client, 'send'),

  adapt: (client: any) =>
    commandAdapter({
      send: ([name, ...args]) => client.send(name, args),
      errors,
      keepsOrder: true,
    }),
}
