/**
 * Runs the tests of what a client can break over every client, major, pool, cluster and sentinel (`test/support/clients.ts`)
 * that the run of all tests leaves out: how it sends commands, and what, in which order; what its replies and its errors are;
 * whether calls end in time; and whether it is used again after it failed. What sessions are, how they are merged and how values
 * are written is decided before a client is asked, and the same over each.
 */
import { existsSync, readdirSync } from 'node:fs'

import { inRoot } from '../project.js'
import { runVitest } from './suites.js'

const FILES = [
  'conformance/storage',
  'conformance/lifecycle',
  'conformance/limits',
  'overlap/model',
  'overlap/merging',
  'clients/order',
  'faults/clients',
].map((file) => `test/${file}.test.ts`)

/** How many random programs the overlap model runs over all of them: most have been run over others. */
const PROGRAMS = '600'

const BUN = 'test/majors/node_modules/@oven'

/**
 * @returns {{ results: Record<string, import('./suites.js').Result>, notRun: Record<string, string> }}
 *   By what tells the runs apart; those that cannot be had on this machine, with the reason
 */
export function runOnOtherClients() {
  console.log('\nOver other clients:')
  let variables = { TEST_CLIENTS: 'others', OVERLAP_PROGRAMS: PROGRAMS }
  let others = runVitest(FILES, variables)
  console.log('\nOver clients of a cluster:')
  let clusters = runVitest(FILES, { TEST_CLIENTS: 'clusters', OVERLAP_PROGRAMS: PROGRAMS })
  let results = { 'Other clients': others, 'Clients of a cluster': clusters }
  let bun = programOfBun()
  if (bun === undefined) return { results, notRun: { Bun: 'npm has none for this machine' } }

  console.log('\nIn Bun:')
  let inBun = { TEST_CLIENTS: 'bun', OVERLAP_PROGRAMS: '100' }
  // It cannot start the processes that vitest would run tests in by default.
  let ofBun = runVitest([...FILES, '--pool=threads'], inBun, bun)
  return { results: { ...results, Bun: ofBun }, notRun: {} }
}

/** npm has installed the one of this platform, if there is one. */
function programOfBun() {
  let folder = inRoot(BUN)
  let [name] = existsSync(folder) ? readdirSync(folder) : []
  return name && inRoot(`${BUN}/${name}/bin/bun`)
}
