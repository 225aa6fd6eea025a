/** Deadlines share a timer, and pass in time all the same. */
import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRedisSessionStorage } from 'remix-session-storage-redis'
import { afterEach, expect, test, vi } from 'vitest'

import { Deadline, Deadlines } from '../../src/lib/clients/deadlines.ts'
import { failure, SLACK } from '../support/failure.ts'

afterEach(() => void vi.restoreAllMocks())

class Noted extends Deadline {
  readonly added = performance.now()
  passed: number | undefined

  override expire(): void {
    this.passed = performance.now()
  }
}

const never = { get: () => new Promise<null>(() => {}), set() {}, del() {}, expire() {} }

test('pass neither too early nor much too late, whatever was added in between', async () => {
  let deadlines = new Deadlines(2000)
  let noted: [Noted, number][] = []
  for (let round = 0; round < 20; round++) {
    for (let milliseconds of [90, 1, 55.5, 20, 40]) {
      let deadline = new Noted()
      deadlines.add(deadline, milliseconds)
      noted.push([deadline, milliseconds])
    }
    await sleep(3)
  }
  await sleep(200)

  for (let [{ added, passed }, milliseconds] of noted) {
    expect(passed! - added).toBeGreaterThanOrEqual(milliseconds)
    expect(passed! - added).toBeLessThan(milliseconds + SLACK)
  }
})

test('that were removed do not pass, and leave the others alone', async () => {
  let deadlines = new Deadlines(50)
  let [first, second, third] = [new Noted(), new Noted(), new Noted()]
  for (let deadline of [first, second, third]) deadlines.add(deadline, 30)
  deadlines.remove(second)
  await sleep(100)

  expect(second.passed).toBe(undefined)
  expect(first.passed).toBeDefined()
  expect(third.passed).toBeDefined()
})

test('take no timer per call', async () => {
  let timers = [vi.spyOn(globalThis, 'setTimeout'), vi.spyOn(globalThis, 'setInterval')]
  let storage = createRedisSessionStorage({ client: never, timeout: 200 })
  let start = performance.now()
  let calls = Array.from({ length: 1000 }, (_, i) => failure(storage.read(`id-${i}`)))
  let started = timers.flatMap(({ mock }) => mock.calls).length
  let ended = await Promise.all(calls)

  expect(started).toBe(1)
  for (let { error, duration } of ended) {
    expect(error.code).toBe('TIMEOUT')
    expect(duration).toBeLessThan(200 + SLACK)
  }
  expect(performance.now() - start).toBeGreaterThanOrEqual(200)
})

test.each([
  ['a read', "storage.read('hung')"],
  ['a save', 'storage.save(session)'],
])('keep the process alive as long as somebody waits for %s, and not for longer', (_, call) => {
  let script = `
    import { createRedisSessionStorage } from 'remix-session-storage-redis'
    let hang = () => new Promise(() => {})
    let get = (key) => key.endsWith('here') ? '[{},{}]' : hang()
    let client = { get, set: hang, del() {}, expire() {} }
    let storage = createRedisSessionStorage({ client, timeout: 600 })
    let session = await storage.read(null)
    session.set('value', 'new')
    let start = performance.now()
    await ${call}.catch(({ code }) => console.log(code))
    await storage.read('here')
    process.on('exit', () => console.log(performance.now() - start))
  `
  let { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    timeout: 5000,
  })
  let [code, duration] = String(stdout).trim().split('\n')

  expect(code).toBe('TIMEOUT')
  expect(Number(duration)).toBeGreaterThanOrEqual(600)
  expect(Number(duration)).toBeLessThan(850)
})
