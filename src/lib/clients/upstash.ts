/** `@upstash/redis`, over HTTP, which has to leave what it reads as it is (`automaticDeserialization: false`). */
import type { ClientFamily } from './client-adapter.ts'
import { textAt, type ClientErrors } from './client-error.ts'
import { commandAdapter } from './command-adapter.ts'
import { hasMethod } from './redis-client.ts'

const errors: ClientErrors = {
  // Behind what Redis answered, it writes the command.
  replyIn: (error) =>
    textAt(error, 'name') === 'UpstashError'
      ? textAt(error, 'message').replace(/, command was: .*$/s, '')
      : undefined,
  isTimeout: (error) => textAt(error, 'name') === 'TimeoutError',
}

export const upstash: ClientFamily = {
  includes: (client) => hasMethod(client, 'exec') && hasMethod(client, 'createScript'),

  objectionTo: (client) =>
    hasMethod(client, 'exec') && hasMethod(client, 'chain') && !hasMethod(client, 'createScript')
      ? 'a pipeline or transaction of @upstash/redis: pass the client that made it'
      : undefined,

  adapt: (client: any) =>
    commandAdapter({
      send: (command) => client.exec(command),
      errors,
      // Each command is a request of its own.
      keepsOrder: false,
    }),
}
