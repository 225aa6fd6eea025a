/** Scripts in a process of their own, which may end as they like. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const PACKAGE = new URL('../../dist/index.js', import.meta.url).href
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface ScriptOptions {
  /** What the script knows besides `createRedisSessionStorage`, by its name. */
  values: Record<string, unknown>
  /** The program; by default the Node that runs the tests. */
  node?: string
  /** Arguments for Node. */
  args?: string[]
  /** Milliseconds after which it is killed; by default 10 seconds. */
  timeout?: number
}

export interface ScriptEnd {
  /** The exit code, or the signal that ended it. */
  end: number | string
  /** What it printed, without white space around it. */
  output: string
  /** What it printed as errors, warnings included. */
  errors: string
  /** How many milliseconds it went on after the last that it printed. */
  after: number
}

/** Runs a script until it ends, as a module. */
export async function runScript(script: string, options: ScriptOptions): Promise<ScriptEnd> {
  let { values, node = process.execPath, args = [], timeout = 10_000 } = options
  let child = spawn(node, [...args, '--input-type=module', '--eval', prelude(values) + script], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout,
    killSignal: 'SIGKILL',
  })
  let output = ''
  let errors = ''
  let lastWords = 0
  child.stdout.on('data', (data) => {
    output += data
    lastWords = performance.now()
  })
  child.stderr.on('data', (data) => (errors += data))
  let closed = once(child, 'close')
  let [code, signal] = await once(child, 'exit')
  let exited = performance.now()
  await closed
  return { end: signal ?? code, output: output.trim(), errors, after: exited - lastWords }
}

/** A worker's script as the URL that starts it: it knows the same, and `parentPort`. */
export function workerUrl(script: string, values: Record<string, unknown>): URL {
  let parentPort = `import { parentPort } from 'node:worker_threads'\n`
  let source = parentPort + prelude(values) + script
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`)
}

function prelude(values: Record<string, unknown>): string {
  let lines = Object.entries(values).map(
    ([name, value]) => `let ${name} = ${JSON.stringify(value)}`,
  )
  let load = `import { createRedisSessionStorage } from ${JSON.stringify(PACKAGE)}`
  return [load, ...lines, ''].join('\n')
}
