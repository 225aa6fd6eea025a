/** What is thrown where nobody can catch it. */
import { onTestFinished } from 'vitest'

const EVENTS = ['uncaughtException', 'unhandledRejection']

/** Gives the list of what is thrown outside of promises, and of rejections that nobody handles, until the test ends. */
export function collectThrown(): unknown[] {
  let thrown: unknown[] = []
  let onThrown = (error: unknown) => thrown.push(error)
  for (let event of EVENTS) process.on(event, onThrown)
  onTestFinished(() => {
    for (let event of EVENTS) process.off(event, onThrown)
  })
  return thrown
}
