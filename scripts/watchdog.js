/** Cleans up after this process, however it ends. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

/**
 * Runs a shell script when this process is gone, be it by `kill -9`: then the pipe to the shell that waits
 * for it closes.
 *
 * @param {string} script
 * @param {string[]} args
 * @returns {() => void} Has the script never run
 */
export function whenWeAreGone(script, args) {
  let watchdog = spawn('sh', ['-c', `read -r _; ${script}`, 'sh', ...args], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watchdog.unref()
  if (watchdog.stdin instanceof net.Socket) watchdog.stdin.unref()
  return () => watchdog.kill('SIGKILL')
}

/**
 * Makes a folder that is removed with this process, if not before.
 *
 * @param {string} prefix
 */
export function temporaryFolder(prefix) {
  let folder = mkdtempSync(path.join(tmpdir(), prefix))
  // Servers that are about to end may still write there.
  let callOff = whenWeAreGone('rm -rf "$1" || { sleep 1; rm -rf "$1"; }', [folder])
  return {
    path: folder,
    remove() {
      callOff()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
