/**
 * Runs the tests for which the server makes a difference once more on each server besides that of the system, and on a
 * Redis Cluster.
 */
import { ensureServer, OTHER_SERVERS } from '../other-servers.js'
import { SetupError } from '../project.js'
import { runVitest } from './suites.js'

const FILES = [
  'support/redis',
  ...within('conformance', 'commands', 'corrupt', 'lifecycle', 'lifetime', 'limits'),
  ...within('conformance', 'refresh-cookie', 'regenerated', 'session', 'storage'),
  ...within('overlap', 'counting', 'merging', 'model', 'successive-saves'),
  ...within('faults', 'failover', 'reading', 'replies', 'secrets', 'server'),
]

/** What a server is asked for that compares texts by a script. */
const SCRIPTS = within('overlap', 'large-sessions', 'script')

/** Redis 6.2 cannot be told to take its time. */
const LOADING = within('faults', 'loading')

/** @type {Record<import('../other-servers.js').OtherServer, string[]>} */
const FILES_FOR = {
  'Redis 6.2': [...FILES, ...SCRIPTS],
  'Redis 8.2': [...FILES, ...SCRIPTS, ...LOADING],
  'Valkey 9.1': [...FILES, ...LOADING],
}

/** What storages promise, whose commands wait for each other there. */
const ON_CLUSTER = [
  ...within('conformance', 'commands', 'lifecycle', 'regenerated', 'session', 'storage'),
  ...within('overlap', 'merging', 'model', 'successive-saves'),
]

/** How many random programs the overlap model runs on a server. */
const PROGRAMS = '300'

/**
 * @returns {{ results: Record<string, import('./suites.js').Result>, notRun: Record<string, string> }}
 *   By the name of the server; those that cannot be had on this machine, with the reason
 */
export function runOnOtherServers() {
  /** @type {ReturnType<typeof runOnOtherServers>} */
  let outcome = { results: {}, notRun: {} }
  for (let name of OTHER_SERVERS) {
    try {
      ensureServer(name)
    } catch (error) {
      if (!(error instanceof SetupError)) throw error
      outcome.notRun[name] = error.message
      continue
    }
    console.log(`\nOn ${name}:`)
    let files = FILES_FOR[name].map((file) => `test/${file}.test.ts`)
    outcome.results[name] = runVitest(files, { TEST_SERVER: name, OVERLAP_PROGRAMS: PROGRAMS })
  }
  console.log('\nOn a cluster:')
  let files = ON_CLUSTER.map((file) => `test/${file}.test.ts`)
  let variables = { TEST_CLUSTER: 'yes', OVERLAP_PROGRAMS: PROGRAMS }
  outcome.results['Redis Cluster'] = runVitest(files, variables)
  return outcome
}

/**
 * @param {string} folder
 * @param {string[]} names
 */
function within(folder, ...names) {
  return names.map((name) => `${folder}/${name}`)
}
