/** Where things are in a checkout, and how a script of this folder starts and runs programs. */
import { spawnSync } from 'node:child_process'
import { readdirSync, realpathSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout. Unlike an address made from it, a path may hold spaces and the like. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')

const EXE = process.platform === 'win32' ? '.exe' : ''

/**
 * The Node that the development tools run on, whatever Node started the script: some need a newer
 * one than the package itself.
 */
export const NODE = inRoot(`node_modules/node/bin/node${EXE}`)

const CARGO_BIN = path.join(process.env.CARGO_HOME || path.join(homedir(), '.cargo'), 'bin')

const OLDEST_NODE = 20

/** Something is missing or wrong that the reader can mend: the message says how. */
export class SetupError extends Error {}

/**
 * Runs a script's work if the script was started itself, rather than imported.
 *
 * @param {string} moduleUrl Its `import.meta.url`
 * @param {() => Promise<void> | void} work
 */
export async function main(moduleUrl, work) {
  if (!process.argv[1] || realpathSync(process.argv[1]) !== fileURLToPath(moduleUrl)) return
  try {
    requireNode()
    await work()
  } catch (error) {
    console.error(error instanceof SetupError ? `\n${error.message}` : error)
    process.exitCode = 1
  }
}

function requireNode() {
  if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) return
  throw new SetupError(
    `Node ${OLDEST_NODE} or newer is needed, and this is Node ${process.versions.node}. ` +
      'Get a newer one from https://nodejs.org, or run: nvm install --lts',
  )
}

/**
 * @param {string} relative
 * @returns {string}
 */
export function inRoot(relative) {
  return path.join(ROOT, relative)
}

/**
 * Gives a file itself, or all files below a folder; nothing if there is neither.
 *
 * @param {string} place
 * @returns {string[]}
 */
export function filesIn(place) {
  let stats = statSync(place, { throwIfNoEntry: false })
  if (stats === undefined) return []
  if (!stats.isDirectory()) return [place]
  return readdirSync(place, { withFileTypes: true }).flatMap((entry) => {
    let file = path.join(place, entry.name)
    return entry.isDirectory() ? filesIn(file) : [file]
  })
}

/**
 * The environment of the programs we run: with the development tools and Rust on the PATH, also
 * when a script was started without npm, and in the shell in which Rust was just installed.
 *
 * @returns {NodeJS.ProcessEnv}
 */
export function environment() {
  let folders = [inRoot('node_modules/.bin'), process.env.PATH || '', CARGO_BIN]
  return { ...process.env, PATH: folders.join(path.delimiter) }
}

/**
 * Runs a program in the checkout, with its output on ours.
 *
 * @param {string} command
 * @param {string[]} args
 * @returns {boolean} Whether it ended well
 */
export function run(command, args) {
  let { status, error } = spawnSync(command, args, {
    cwd: ROOT,
    env: environment(),
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (error) console.error(`${command}: ${error.message}`)
  return status === 0
}

/**
 * Runs a program of a development dependency with {@link NODE}.
 *
 * @param {string} script Its file below `node_modules`
 * @param {string[]} args
 * @returns {boolean} Whether it ended well
 */
export function runTool(script, args) {
  return run(NODE, [inRoot(`node_modules/${script}`), ...args])
}
