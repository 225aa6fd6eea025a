/** ioredis 5 and 6, and iovalkey. */
import type { ClientFamily } from './client-adapter.ts'
import { textAt, type ClientErrors } from './client-error.ts'
import { commandAdapter } from './command-adapter.ts'
import { hasMethod } from './redis-client.ts'

const errors: ClientErrors = {
  replyIn: (error) =>
    textAt(error, 'name') === 'ReplyError' ? textAt(error, 'message') : undefined,
  isTimeout: (error) => textAt(error, 'code') === 'ETIMEDOUT',
}

export const ioredis: ClientFamily = {
  includes: (client) => hasMethod(client, 'getex') && hasMethod(client, 'call'),

  adapt: (client: any) =>
    commandAdapter({
      // In lower case, or some versions would not put the client's own `keyPrefix` in front of the key.
      send: ([name, ...args]) => client.call(name!.toLowerCase(), ...args),
      errors,
      keepsOrder: true,
    }),
}
