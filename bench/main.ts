/**
 * Runs the benchmark: `main.ts <port of Redis> <port of Valkey> <ports of a cluster> [--quick] [--only …]
 * [--before …]`. The ports of a cluster are as in `7001,7002,7003`.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'

import { format } from 'prettier'

import { controlCluster } from './cluster-control.ts'
import { contendersWith } from './contenders/index.ts'
import { addonSize, describeMachine, versionsOf } from './machine.ts'
import type { Bench } from './measure/bench.ts'
import { cellsTime, measureCells } from './measure/cells.ts'
import { clusterTime, measureCluster } from './measure/cluster.ts'
import { httpTime, measureHttp } from './measure/http.ts'
import { idleTime, measureIdle } from './measure/idle.ts'
import { measureMerging, mergingTime } from './measure/merging.ts'
import { measurePending, pendingTime } from './measure/pending.ts'
import { measureStartup, startupTime } from './measure/startup.ts'
import { full, quick } from './plan.ts'
import { createProgress } from './progress.ts'
import { controlRedis } from './redis-control.ts'
import { charts } from './report/charts.ts'
import { BEFORE } from './report/comparison.ts'
import { report } from './report/report.ts'
import type { Results } from './results.ts'

// The script that started this stops the servers when it ends.
if (process.channel) {
  process.once('disconnect', () => process.exit(1))
  process.channel.unref()
}

let { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean' }, only: { type: 'string' }, before: { type: 'string' } },
})
let before = checkout(values.before)
let contenders = contendersWith(before)
let names = chosen(values.only)
let plan = values.quick ? quick : full

let [redis, valkey, cluster] = await Promise.all([
  controlRedis(Number(positionals[0])),
  controlRedis(Number(positionals[1])),
  controlCluster(positionals[2]!.split(',').map(Number)),
])
let servers = [redis, valkey]
let progress = createProgress()
let done = 0
let next = 0
let whole = [startupTime, pendingTime, idleTime, cellsTime, clusterTime, httpTime]
  .map((time) => time({ plan, names }))
  .reduce((sum, time) => sum + time, mergingTime({ plan, names }, servers))

let bench: Bench = {
  plan,
  redis,
  names,
  before,
  step(what, ms) {
    done += next
    next = ms
    progress.at(what, done, whole)
  },
}

let results: Results = {
  date: new Date().toISOString(),
  command: ['npm run bench', ...commandLine()].join(' '),
  plan: plan.name,
  rounds: plan.rounds,
  machine: describeMachine(),
  versions: versionsOf(
    names.map((name) => contenders[name]!),
    servers.map(({ version }) => version),
  ),
  addonSize: addonSize(),
  contenders: Object.fromEntries(
    names.map((name) => [name, { name: contenders[name]!.name, kind: contenders[name]!.kind }]),
  ),
  startup: await measureStartup(bench),
  pending: await measurePending(bench),
  idle: await measureIdle(bench),
  cells: await measureCells(bench),
  merging: await measureMerging(bench, servers),
  cluster: await measureCluster(bench, cluster),
  http: await measureHttp(bench),
}
progress.end()
for (let server of [...servers, cluster]) server.close()

// What is committed is a run with everything in it.
let isComplete =
  plan === full && before === undefined && names.length === Object.keys(contenders).length
let folder = path.join(import.meta.dirname, isComplete ? '.' : 'local')
mkdirSync(path.join(folder, 'charts'), { recursive: true })
writeFileSync(path.join(folder, 'results.json'), await toJson(results))
for (let [name, svg] of Object.entries(await charts(results))) {
  writeFileSync(path.join(folder, 'charts', `${name}.svg`), svg)
}
console.log(report(results))
console.log(`\nWritten to ${path.relative(process.cwd(), folder)}: results.json, charts/*.svg`)

function chosen(only: string | undefined): string[] {
  let all = Object.keys(contenders)
  let wanted = only?.split(',').map((name) => name.trim()) ?? all
  let unknown = wanted.filter((name) => !all.includes(name))
  if (before !== undefined && !wanted.includes(BEFORE)) wanted.unshift(BEFORE)
  if (unknown.length === 0) return wanted
  throw new Error(`There is no contender ${unknown.join(', ')}. There are: ${all.join(', ')}`)
}

/** Returns the absolute path of a checkout that has been built. */
function checkout(folder: string | undefined): string | undefined {
  if (folder === undefined) return undefined
  let root = path.resolve(folder)
  if (existsSync(path.join(root, 'dist/index.js'))) return root
  throw new Error(`There is no dist/index.js in ${root}: run "npm run build" there`)
}

/** As prettier has it: the file is committed. */
function toJson(results: Results): Promise<string> {
  let rounded = JSON.stringify(results, (_, value) =>
    typeof value === 'number' ? Number(value.toPrecision(5)) : value,
  )
  return format(rounded, { parser: 'json', printWidth: 100 })
}

function commandLine(): string[] {
  let args = [
    values.quick ? '--quick' : '',
    values.only ? `--only ${values.only}` : '',
    values.before ? '--before …' : '',
  ]
  let given = args.filter(Boolean)
  return given.length > 0 ? ['--', ...given] : []
}
