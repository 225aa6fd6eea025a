/** The demo in a process of its own, as `npm run demo` starts it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface AppProcess {
  url: string
  /** Does what Ctrl-C does, and gives whether the app ended well. */
  stop(): Promise<boolean>
}

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))

/** Starts the demo on a free port, with these arguments, and waits for the address that it prints. */
export async function startApp(args: string[] = []): Promise<AppProcess> {
  let child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, PORT: '0' },
    // With the channel, the app notices when this process is gone, and ends too.
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  let closed = once(child, 'close')
  let url = await new Promise<string>((resolve, reject) => {
    let output = ''
    child.stdout!.on('data', (data) => {
      output += data
      let [found] = /http:\/\/\S+/.exec(output) ?? []
      if (found !== undefined) resolve(found)
    })
    child.once('close', () => reject(new Error(`The app did not start. ${output}`)))
  })

  return {
    url,
    async stop() {
      child.kill('SIGINT')
      let [code] = await closed
      return code === 0
    },
  }
}
