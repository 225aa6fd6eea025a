/** Where things are in a checkout, and how a script starts and runs programs. */
import { spawn, spawnSync } from 'node:child_process'
import { readdirSync, realpathSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout. Unlike a URL, a path may contain spaces and the like. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')

const IS_WINDOWS = process.platform === 'win32'

/**
 * The Node that the development tools run on, whatever Node started the script: some tools need a
 * newer one than the package itself.
 */
const NODE = inRoot(`node_modules/node/bin/node${IS_WINDOWS ? '.exe' : ''}`)

const CARGO_BIN = path.join(process.env.CARGO_HOME || path.join(homedir(), '.cargo'), 'bin')

const OLDEST_NODE = 20

/** Something is missing or wrong that the reader can fix: the message says how. */
export class SetupError extends Error {}

/**
 * Runs a script's work if the script was started directly, rather than imported.
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

/** @param {string} relative */
export function inRoot(relative) {
  return path.join(ROOT, relative)
}

/**
 * Returns whether `built` is missing, or older than any of its sources.
 *
 * @param {string} built Relative to the checkout, as the sources are
 * @param {string[]} sources Files, and folders with everything in them
 * @param {RegExp} pattern Which of these files count
 */
export function isStale(built, sources, pattern) {
  let time = modified(inRoot(built))
  let isNewer = (/** @type {string} */ file) => pattern.test(file) && modified(file) > time
  return time === 0 || sources.flatMap((source) => filesIn(inRoot(source))).some(isNewer)
}

/** @param {string} file */
function modified(file) {
  let stats = statSync(file, { throwIfNoEntry: false })
  return stats ? stats.mtimeMs : 0
}

/**
 * @param {string} place
 * @returns {string[]} The file itself, or all files below the folder
 */
function filesIn(place) {
  let stats = statSync(place, { throwIfNoEntry: false })
  if (stats === undefined) return []
  if (!stats.isDirectory()) return [place]
  return readdirSync(place).flatMap((name) => filesIn(path.join(place, name)))
}

/**
 * Returns the environment of the programs that we run: with the development tools and Rust on the
 * PATH, even if a script was started without npm, or in the shell in which Rust was just installed.
 *
 * @returns {NodeJS.ProcessEnv}
 */
export function environment() {
  let folders = [inRoot('node_modules/.bin'), process.env.PATH || '', CARGO_BIN]
  return { ...process.env, PATH: folders.join(path.delimiter) }
}

/**
 * Runs a program with its output on ours.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [variables]
 * @returns {boolean} Whether it succeeded
 */
export function run(command, args, variables) {
  let { status, error } = spawnSync(command, args, {
    cwd: ROOT,
    env: { ...environment(), ...variables },
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: needsShell(command),
  })
  if (error) console.error(`${command}: ${error.message}`)
  return status === 0
}

/**
 * Runs a program of a development dependency.
 *
 * @param {string} script Its file below `node_modules`
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [variables]
 * @param {string} [runtime] The program that runs it: Node unless given
 * @returns {boolean} Whether it succeeded
 */
export function runTool(script, args, variables, runtime = NODE) {
  return run(runtime, [inRoot(`node_modules/${script}`), ...args], variables)
}

/**
 * Runs a program and returns what it printed.
 *
 * @param {string} command
 * @param {string[]} args
 * @throws {SetupError} with what it printed as errors, if it failed
 */
export function output(command, args) {
  let { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: ROOT,
    env: environment(),
    encoding: 'utf8',
    maxBuffer: 256 * 2 ** 20,
    shell: needsShell(command),
  })
  if (status === 0) return stdout.trim()
  throw new SetupError(`${command} ${args.join(' ')} failed:\n${error ? error.message : stderr}`)
}

/**
 * On Windows, npm is a batch file.
 *
 * @param {string} command
 */
function needsShell(command) {
  return IS_WINDOWS && command === 'npm'
}

/**
 * Runs a TypeScript program of ours until it ends, or until this process is told to end, which then
 * still has its own cleaning up to do.
 *
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [variables]
 * @returns {Promise<number>} Its exit code
 */
export function supervise(args, variables) {
  let child = spawn(NODE, args, {
    cwd: ROOT,
    env: { ...environment(), ...variables },
    // With the channel, it notices if this process is killed, and ends too.
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  let stop = () => child.kill('SIGTERM')
  for (let signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop)
  if (process.env.npm_lifecycle_event) whenOrphaned(stop)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code === null ? 1 : code))
  })
}

/**
 * npm runs a script through a shell. When npm is stopped, it passes that on to the shell, and some
 * shells end without telling us.
 *
 * @param {() => void} notify
 */
function whenOrphaned(notify) {
  let parent = process.ppid
  let timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    notify()
  }, 300)
  timer.unref()
}
