/** What the figures were measured on, and with which versions. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'

import type { Contender } from './contenders/contender.ts'
import type { Results } from './results.ts'

const ROOT = path.resolve(import.meta.dirname, '..')

const REMIX = [
  '@remix-run/session-storage-redis',
  '@remix-run/session',
  '@remix-run/session-middleware',
  '@remix-run/fetch-router',
  '@remix-run/cookie',
  '@remix-run/node-fetch-server',
]

export function describeMachine(): Results['machine'] {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memory: os.totalmem(),
    system: `${os.type()} ${os.release()}, ${os.arch()}`,
  }
}

export function versionsOf(contenders: Contender[], servers: string[]): Results['versions'] {
  let packages = new Set([...contenders.flatMap(({ packages }) => packages), ...REMIX])
  return {
    'remix-session-storage-redis': versionIn(path.join(ROOT, 'package.json')),
    node: process.versions.node,
    ...Object.fromEntries(servers.map((server) => server.split(' '))),
    ...Object.fromEntries(
      [...packages].map((name) => [
        name,
        versionIn(path.join(import.meta.dirname, 'node_modules', name, 'package.json')),
      ]),
    ),
  }
}

/** Returns the size of the addon that a checkout loads on this machine. */
export function addonSize(): number {
  let require = createRequire(import.meta.url)
  let platforms = readdirSync(path.join(ROOT, 'npm'))
  for (let platform of platforms) {
    let file = path.join(ROOT, 'npm', platform, 'session-store.node')
    try {
      require(file)
    } catch {
      continue
    }
    return statSync(file).size
  }
  throw new Error('There is no addon for this platform')
}

function versionIn(file: string): string {
  return JSON.parse(readFileSync(file, 'utf8')).version
}
