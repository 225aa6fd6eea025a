/** Wrong options are refused when the storage is created, with an error that names them. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { createRedisSessionStorage } from 'remix-session-storage-redis'

import { OPTIONS, type Form } from '../src/lib/option-table.ts'

const URL = 'redis://:hunter2@localhost:6379'
const client = { get: () => null, set: () => 'OK', del: () => 1, expire: () => 1 }

/** Creates a storage with options that the compiler would not let pass. */
function create(...args: unknown[]) {
  return (createRedisSessionStorage as (...args: unknown[]) => unknown)(...args)
}

test.each<[string, typeof TypeError | typeof RangeError, RegExp, unknown[]]>([
  ['nothing', TypeError, /\{ url \} or \{ client \}/, []],
  ['null', TypeError, /\{ url \} or \{ client \}/, [null]],
  ['neither url nor client', TypeError, /exactly one of "url" and "client"; neither/, [{}]],
  ['both url and client', TypeError, /"url" and "client"; both/, [{ url: URL, client }]],
  ['an undefined url', TypeError, /"url" is undefined.*environment/, [{ url: undefined }]],
  ['a url of null', TypeError, /"url" is null.*environment/, [{ url: null, client: undefined }]],
  [
    'an undefined client',
    TypeError,
    /"client" is undefined.*Redis client/,
    [{ client: undefined }],
  ],
  ['a url that is no string', TypeError, /"url".*string/, [{ url: 6379 }]],
  ['no url in a list', TypeError, /"url" must have at least one/, [{ url: [], cluster: true }]],
  [
    'a url in a list',
    TypeError,
    /"url\[1\]".*undefined/,
    [{ url: [URL, undefined], cluster: true }],
  ],
  ['several urls of what is no cluster', TypeError, /"url".*"cluster"/, [{ url: [URL, URL] }]],
  ['cluster that is no boolean', TypeError, /"cluster"/, [{ url: URL, cluster: 'yes' }]],
  ['cluster with a client', TypeError, /no option "cluster"/, [{ client, cluster: true }]],
  ['a database of a cluster', TypeError, /"url".*"cluster"/, [{ url: `${URL}/1`, cluster: true }]],
  ['a socket of a cluster', TypeError, /"url".*"cluster"/, [{ url: 'unix:///a', cluster: true }]],
  ['several urls of what is neither', TypeError, /"url".*"sentinel"/, [{ url: [URL, URL] }]],
  [
    'a cluster with sentinels',
    TypeError,
    /"cluster" and "sentinel"/,
    [{ url: URL, cluster: true, sentinel: { name: 'a' } }],
  ],
  ['sentinels of nobody', TypeError, /"sentinel.name".*undefined/, [{ url: URL, sentinel: {} }]],
  ['an empty name', TypeError, /"sentinel.name"/, [{ url: URL, sentinel: { name: '' } }]],
  ['an unknown sentinel option', TypeError, /"nam"/, [{ url: URL, sentinel: { nam: 'a' } }]],
  [
    'a user without a password',
    TypeError,
    /"sentinel.password"/,
    [{ url: URL, sentinel: { name: 'a', username: 'hunter2' } }],
  ],
  [
    'a socket of a sentinel',
    TypeError,
    /"url".*"sentinel"/,
    [{ url: 'unix:///a', sentinel: { name: 'a' } }],
  ],
  [
    'several passwords',
    TypeError,
    /"url" must have the same user, password/,
    [{ url: [URL, 'redis://:other@localhost'], cluster: true }],
  ],
  ['a url that is none', TypeError, /"url" must be redis:/, [{ url: 'localhost:6379' }]],
  ['an empty url', TypeError, /"url" must be redis:/, [{ url: '' }]],
  ['an unknown scheme', TypeError, /"url" must be redis:/, [{ url: 'http://:hunter2@localhost' }]],
  ['a port that is none', TypeError, /"url" must be/, [{ url: 'redis://:hunter2@localhost:x' }]],
  ['a bad database', TypeError, /"url" must/, [{ url: 'redis://:hunter2@localhost/x' }]],
  ['a "#" in a password', TypeError, /%23/, [{ url: 'redis://:a@localhost/0#hunter2' }]],
  ['no host', TypeError, /"url" must/, [{ url: 'redis://:hunter2@' }]],
  ['a client without get', TypeError, /no method get/, [{ client: { set() {}, del() {} } }]],
  [
    'a client that cannot expire',
    TypeError,
    /setEx\(\) or expire\(\)/,
    [{ client: { get() {}, set() {}, del() {} } }],
  ],
  [
    'a client that is none',
    TypeError,
    /"client" must be a Redis client.*string/,
    [{ client: 'x' }],
  ],
  ['a ttl of 0', RangeError, /"ttl".*seconds from 1.*but is 0/, [{ url: URL, ttl: 0 }]],
  ['a negative ttl', RangeError, /"ttl".*but is -1/, [{ url: URL, ttl: -1 }]],
  ['a ttl of NaN', RangeError, /"ttl".*NaN/, [{ url: URL, ttl: NaN }]],
  ['an infinite ttl', RangeError, /"ttl".*Infinity/, [{ client, ttl: Infinity }]],
  ['a ttl that is a string', TypeError, /"ttl".*a string/, [{ client, ttl: '60' }]],
  ['a ttl of null', TypeError, /"ttl".*null/, [{ client, ttl: null }]],
  ['a ttl past what Redis takes', RangeError, /"ttl"/, [{ url: URL, ttl: 2 ** 32 }]],
  ['a prefix that is no string', TypeError, /"prefix"/, [{ url: URL, prefix: 1 }]],
  ['a prefix that is no text', TypeError, /"prefix"/, [{ url: URL, prefix: '\ud800' }]],
  ['rolling that is no boolean', TypeError, /"rolling"/, [{ url: URL, rolling: 'no' }]],
  ['useUnknownIds likewise', TypeError, /"useUnknownIds"/, [{ url: URL, useUnknownIds: 1 }]],
  ['a timeout of 0', RangeError, /"timeout".*milliseconds/, [{ url: URL, timeout: 0 }]],
  ['an endless timeout', RangeError, /"timeout"/, [{ url: URL, timeout: Infinity }]],
  ['half a connection', RangeError, /"connections"/, [{ url: URL, connections: 1.5 }]],
  ['too many connections', RangeError, /"connections".*64/, [{ url: URL, connections: 65 }]],
  ['connections of a client', TypeError, /no option "connections"/, [{ client, connections: 2 }]],
  ['no room for commands', RangeError, /"maxPending"/, [{ url: URL, maxPending: 0 }]],
  ['no room for bytes', RangeError, /"maxPendingBytes"/, [{ client, maxPendingBytes: 0 }]],
  ['no room for sessions', RangeError, /"maxBytes"/, [{ url: URL, maxBytes: 0 }]],
  ['an unknown option', TypeError, /no option "tll".*ttl/, [{ url: URL, tll: 60 }]],
  ['an option of the other form', TypeError, /"keyPrefix"/, [{ url: URL, keyPrefix: 'a:' }]],
  ['and the other way round', TypeError, /"prefix".*keyPrefix/, [client, { prefix: 'a:' }]],
  ['a ttl of NaN there', RangeError, /"ttl".*NaN/, [client, { ttl: NaN }]],
  ['an infinite ttl there', RangeError, /"ttl".*Infinity/, [client, { ttl: Infinity }]],
  ['a ttl that is a string there', TypeError, /"ttl".*string/, [client, { ttl: '60' }]],
  ['a limit on the size there', TypeError, /no option "maxBytes"/, [client, { maxBytes: 100 }]],
  ['a timeout of 0 there', RangeError, /"timeout"/, [client, { timeout: 0 }]],
  ['options that are none', TypeError, /"options" must be an object/, [client, 'app:']],
  ['what is no client there', TypeError, /no method get/, [{ url: URL }, { keyPrefix: 'a:' }]],
  ['a keyPrefix that is no string', TypeError, /"keyPrefix"/, [client, { keyPrefix: 1 }]],
  ['tls without rediss://', TypeError, /"tls".*rediss:/, [{ url: URL, tls: { serverName: 'a' } }]],
  ['tls that is no object', TypeError, /"tls"/, [{ url: 'rediss://localhost', tls: true }]],
  ['an unknown tls option', TypeError, /"crt"/, [{ url: 'rediss://localhost', tls: { crt: '' } }]],
  ['a cert without its key', TypeError, /"tls.key"/, [{ url: 'rediss://a', tls: { cert: 'x' } }]],
  [
    'a ca that is no PEM',
    TypeError,
    /"tls.ca".*PEM/,
    [{ url: 'rediss://a', tls: { ca: 'a.pem' } }],
  ],
])('refuses %s', (_, type, message, args) => {
  let error: unknown
  try {
    create(...args)
  } catch (caught) {
    error = caught
  }
  expect(error).toBeInstanceOf(type)
  expect(String(error)).toMatch(message)
  expect(String(error)).not.toContain('hunter2')
})

test('takes the three forms', () => {
  expect(create({ url: URL })).toHaveProperty('read')
  expect(create({ url: [URL] })).toHaveProperty('read')
  expect(create({ url: [URL, URL], sentinel: { name: 'a' } })).toHaveProperty('read')
  expect(create({ url: [URL, 'redis://localhost'], cluster: true })).toHaveProperty('read')
  expect(create({ client })).toHaveProperty('read')
  expect(create(client)).toHaveProperty('read')
  expect(create(client, {})).toHaveProperty('save')
  expect(create(client, null)).toHaveProperty('save')
})

test('takes null for an option of the original that is left out', () => {
  let options = { keyPrefix: null, ttl: null, useUnknownIds: null, timeout: null, maxPending: null }
  let { get, set, del } = client
  expect(create({ get, set, del }, options)).toBeDefined()
})

test('takes undefined for an option that is left out', () => {
  expect(create({ url: URL, client: undefined, ttl: undefined, tls: undefined })).toBeDefined()
})

test('options of the drop-in form may come from a prototype', async () => {
  let keys: string[] = []
  let client = {
    get: (key: string) => (keys.push(key), null),
    set: () => 'OK',
    del: () => 1,
  }
  class Config {
    get keyPrefix() {
      return 'app:'
    }
  }
  await createRedisSessionStorage(client, new Config()).read('some-id')
  expect(keys).toEqual(['app:some-id'])
})

/** The cells of the README's table of options below a heading. */
function tableBelow(heading: string): string[][] {
  let readme = readFileSync(path.join(import.meta.dirname, '../README.md'), 'utf8')
  let section = readme.split(`\n${heading}\n`)[1]!.split('\n#')[0]!
  let rows = section.split('\n').filter((line) => line.startsWith('| `'))
  return rows.map((row) =>
    row
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim())
      .slice(1, -1),
  )
}

test.each<[string, Form[]]>([
  ['## Options', ['url', 'client']],
  ['### Options of the drop-in form', ['drop-in']],
])('README has them as they are: %s', (heading, forms) => {
  let expected = OPTIONS.filter((option) => option.forms.some((form) => forms.includes(form))).map(
    ({ name, type, default: byDefault, description }) => {
      let code = typeof byDefault === 'string' ? `'${byDefault}'` : byDefault
      return [`\`${name}\``, type, code == null ? '' : `\`${code}\``, description]
    },
  )
  expect(tableBelow(heading)).toEqual(expected)
})
