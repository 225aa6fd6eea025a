/** The README's table of clients says what holds. */
import { GlideClient, GlideClusterClient } from '@valkey/valkey-glide'
import { Cluster, Redis } from 'ioredis'
import { Cluster as ValkeyCluster, Redis as Valkey } from 'iovalkey'
import { readFileSync } from 'node:fs'
import { createClient, createClientPool, createCluster, createSentinel } from 'redis'
import { expect, test } from 'vitest'

import { adapterOf } from '../../src/lib/clients/client-families.ts'

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

const lazy = { lazyConnect: true }
const nodes = [{ host: 'localhost', port: 6379 }]
const method = () => {}
const minimal = { get: method, set: method, del: method, expire: method }

/** Clients that are not connected, by the beginning of their row. */
const clients: Record<string, object[]> = {
  'node-redis 4 to 6: `createClient`': [createClient()],
  'node-redis 4 to 6: `createCluster`': [
    createCluster({ rootNodes: [{ url: 'redis://localhost' }] }),
  ],
  'node-redis 5 and 6: `createClientPool`': [
    createClientPool(),
    createSentinel({ name: 'main', sentinelRootNodes: nodes }),
  ],
  'ioredis 5 and 6, iovalkey: `Redis`': [new Redis(lazy), new Valkey(lazy)],
  'ioredis 5 and 6, iovalkey: `Cluster`': [
    new Cluster(nodes, lazy),
    new ValkeyCluster(nodes, lazy),
  ],
  'valkey-glide 2': [
    Object.create(GlideClient.prototype),
    Object.create(GlideClusterClient.prototype),
  ],
  // In Node, there is no client of Bun.
  Bun: [{ ...minimal, getex: method, send: method }],
  '`@upstash/redis`': [{ ...minimal, exec: method, createScript: method, chain: method }],
  'any other': [minimal],
}

function rows(): string[][] {
  let [, table] = /^\| client .*\n\|[- |]*\|\n((?:\|.*\n)+)/m.exec(README)!
  return table!
    .trim()
    .split('\n')
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

test('has a row for each, and no other', () => {
  expect(rows().map(([name]) => Object.keys(clients).find((key) => name!.startsWith(key)))).toEqual(
    Object.keys(clients),
  )
})

test.each(rows())('%s', (name, recognized, ordered) => {
  let [, row] = Object.entries(clients).find(([key]) => name.startsWith(key))!
  for (let client of row) {
    let adapter = adapterOf(client as any)
    expect([adapter.replace, adapter.append].every((verb) => verb !== undefined)).toBe(
      recognized === 'yes',
    )
    expect(adapter.refreshesOnLoad).toBe(recognized === 'yes')
    expect(adapter.keepsOrder).toBe(ordered === 'yes')
  }
})
