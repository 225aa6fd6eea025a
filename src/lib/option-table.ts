/**
 * All options, each of them once: what it may be, its default, and in which forms it exists. The
 * names that are known, the defaults, the errors and the README's tables follow from here.
 */
import { readClient } from './clients/redis-client.ts'
import {
  choice,
  count,
  flag,
  mapped,
  number,
  objectOf,
  oneOrMore,
  text,
  type Reader,
} from './option-values.ts'
import type { SentinelOptions, TlsOptions } from './options.ts'

/** The ways to create a storage: `({ url })`, `({ client })`, and `(client, options)`. */
export type Form = 'url' | 'client' | 'drop-in'

interface Option<name extends string, form extends Form, value> extends Reader<value> {
  name: name
  forms: form[]
  /** The value when the option is left out. */
  default: value
  /** For the README. */
  description: string
}

/** Has the compiler infer what kind of option this is. */
function option<const name extends string, form extends Form, value>(
  option: Option<name, form, value>,
): Option<name, form, value> {
  return option
}

const MAX_TTL = 2 ** 32 - 1
const MAX_TIMEOUT = 2 ** 31 - 1

export const OPTIONS = [
  option({
    name: 'url',
    forms: ['url'],
    ...oneOrMore(text),
    default: undefined,
    description: 'where Redis is; see [URLs](#urls-and-tls); several with `cluster` or `sentinel`',
  }),
  option({
    name: 'client',
    forms: ['client'],
    type: 'Redis client',
    read: readClient,
    default: undefined,
    description: 'a Redis client of the app; pass either `url` or `client`',
  }),
  option({
    name: 'ttl',
    forms: ['url', 'client'],
    ...mapped(number({ unit: 'seconds', min: 1, max: MAX_TTL }), Math.floor),
    default: 604_800,
    description: 'seconds that an unused session lives (7 days); a fraction is rounded down',
  }),
  option({
    name: 'prefix',
    forms: ['url', 'client'],
    ...text,
    default: 'session:',
    description: 'the beginning of every key: session `a1b2` is stored at `session:a1b2`',
  }),
  option({
    name: 'keyPrefix',
    forms: ['drop-in'],
    ...text,
    default: 'session:',
    description: 'the beginning of every key',
  }),
  option({
    name: 'ttl',
    forms: ['drop-in'],
    // The original, too, makes 1 of whatever is less.
    ...mapped(number({ unit: 'seconds', max: MAX_TTL }), (ttl) => Math.max(1, Math.floor(ttl))),
    default: null,
    description: 'seconds that a session lives after its last change; by default it never expires',
  }),
  option({
    name: 'rolling',
    forms: ['url', 'client'],
    ...flag,
    default: true,
    description:
      'every request that uses a session refreshes its TTL; `false`: only one that changes it',
  }),
  option({
    name: 'maxLifetime',
    forms: ['url', 'client'],
    ...mapped(number({ unit: 'seconds', min: 1, max: MAX_TTL }), Math.floor),
    default: null as number | null,
    description:
      'seconds after which a session ends, however active it is; see [`maxLifetime`](#sessions-that-end)',
  }),
  option({
    name: 'refreshCookie',
    forms: ['url', 'client'],
    ...flag,
    default: false,
    description:
      'send the cookie of an unchanged session again, once a minute; see [TTL and `maxAge`](#ttl-and-the-cookies-maxage)',
  }),
  option({
    name: 'useUnknownIds',
    forms: ['url', 'client', 'drop-in'],
    ...flag,
    default: false,
    description: 'keep an id that Redis does not know (whoever sends the cookie can choose it)',
  }),
  option({
    name: 'onConflict',
    forms: ['url', 'client'],
    ...choice('merge', 'overwrite'),
    default: 'merge' as 'merge' | 'overwrite',
    description:
      "`'merge'`: requests that overlap keep each other's changes; `'overwrite'`: the last one wins; see [Overlapping requests](#overlapping-requests)",
  }),
  option({
    name: 'onCorrupt',
    forms: ['url', 'client'],
    ...choice('throw', 'discard'),
    default: 'throw' as 'throw' | 'discard',
    description:
      "what a read does with a value that is no session: `'throw'` fails with `CORRUPT`, `'discard'` gives a new session",
  }),
  option({
    name: 'onUnavailable',
    forms: ['url', 'client'],
    ...choice('throw', 'anonymous'),
    default: 'throw' as 'throw' | 'anonymous',
    description:
      "what a read does when Redis cannot answer: `'throw'`, or `'anonymous'`: visitors go on without a session; see [When Redis is down](#when-redis-is-down)",
  }),
  option({
    name: 'timeout',
    forms: ['url', 'client', 'drop-in'],
    ...number({ unit: 'milliseconds', min: 1, max: MAX_TIMEOUT }),
    default: 2000,
    description: 'milliseconds that one `read` or `save` may take, reconnecting included',
  }),
  option({
    name: 'maxPending',
    forms: ['url', 'client', 'drop-in'],
    ...count(1_000_000),
    default: 10_000,
    description: 'commands queued or in flight; the next one fails with `OVERLOADED`',
  }),
  option({
    name: 'maxPendingBytes',
    forms: ['url', 'client', 'drop-in'],
    ...count(Number.MAX_SAFE_INTEGER),
    default: 268_435_456,
    description: 'bytes queued or in flight (256 MiB); a command beyond fails with `OVERLOADED`',
  }),
  option({
    name: 'maxBytes',
    forms: ['url', 'client'],
    ...count(2 ** 29 - 1),
    default: 1_048_576,
    description: "bytes of a session's JSON (1 MiB); saving a larger one fails with `TOO_LARGE`",
  }),
  option({
    name: 'connections',
    forms: ['url'],
    ...count(64),
    default: 1,
    description: 'connections to share the sessions among, at most 64; only with `url`',
  }),
  option({
    name: 'cluster',
    forms: ['url'],
    ...flag,
    default: false,
    description: 'the URLs are of nodes of a [Redis Cluster](#cluster)',
  }),
  option({
    name: 'sentinel',
    forms: ['url'],
    ...objectOf<SentinelOptions>({ name: text, username: text, password: text, tls: flag }, [
      'name',
    ]),
    default: undefined,
    description: 'the URLs are of [sentinels](#sentinel): `{ name, username, password, tls }`',
  }),
  option({
    name: 'tls',
    forms: ['url'],
    ...objectOf<TlsOptions>({
      ca: text,
      cert: text,
      key: text,
      serverName: text,
      rejectUnauthorized: flag,
    }),
    default: undefined,
    description: 'how a `rediss://` server is verified; see [TLS](#urls-and-tls)',
  }),
]

type AnyOption = (typeof OPTIONS)[number]

/** The values of all options that exist in a form. */
export type ValuesIn<form extends Form> = {
  [
    option in AnyOption as form extends option['forms'][number] ? option['name'] : never
  ]: form extends option['forms'][number] ? option['default'] : never
}
