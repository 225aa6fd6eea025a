/** Error messages say what Redis said, but never what it was told. */
import { describe, expect, test } from 'vitest'

import { withoutArguments } from '../../src/lib/clients/without-arguments.ts'

describe('leaves as they are the words', () => {
  test.each([
    'WRONGTYPE Operation against a key holding the wrong kind of value',
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.",
    "OOM command not allowed when used memory > 'maxmemory'.",
    "READONLY You can't write against a read only replica.",
    'NOREPLICAS Not enough good replicas to write.',
    "NOPERM User default has no permissions to run the 'getex' command",
    "NOPERM this user has no permissions to run the 'client|setinfo' command",
    "ERR wrong number of arguments for 'get' command",
    "ERR unknown command 'GETEX'",
    'ERR unknown command `GETEX`',
    'LOADING Redis is loading the dataset in memory',
    'MOVED 3999 127.0.0.1:6381',
    'connect ECONNREFUSED 127.0.0.1:6379',
  ])('%s', (words) => {
    expect(withoutArguments(words, ['a1b2c3d4'])).toBe(words)
  })
})

describe('leaves out', () => {
  test.each<[what: string, words: string, expected: string]>([
    [
      'the arguments of an unknown command',
      "ERR unknown command 'GETEX', with args beginning with: 'session:a1b2c3d4' 'EX' '604800' ",
      "ERR unknown command 'GETEX'",
    ],
    [
      'them in the words of Redis 6',
      'ERR unknown command `SET`, with args beginning with: `session:x`, `[{"user":"ann"},{}]`, ',
      'ERR unknown command `SET`',
    ],
    [
      'them in the words of a proxy',
      'ERR unknown command AUTH hunter2 hunter3',
      'ERR unknown command AUTH',
    ],
    [
      'a command that has no name of one',
      "ERR unknown command 's3cret', with args beginning with: 'x'",
      "ERR unknown command '…'",
    ],
    [
      'the command that a client adds',
      'OOM command not allowed, command was: ["SET","session:x","[{\\"user\\":\\"ann\\"},{}]"]',
      'OOM command not allowed',
    ],
    [
      'quotes in quotes',
      `ERR bad value '[{"a":"it's"},{}]' for key "session:x"`,
      `ERR bad value '…' for key "…"`,
    ],
    ['a quote that does not end', "ERR bad value 'hunter2 and more", "ERR bad value '…'"],
    ['an id', 'ERR no such key session:a1b2c3d4', 'ERR no such key session:…'],
    [
      'a user and a password in a URL',
      'Invalid URL redis://ann:hunter2@localhost',
      'Invalid URL redis://…@localhost',
    ],
    ['what comes after 500 characters', 'x'.repeat(501), `${'x'.repeat(500)}…`],
  ])('%s', (_, words, expected) => {
    expect(withoutArguments(words, ['a1b2c3d4'])).toBe(expected)
  })
})
