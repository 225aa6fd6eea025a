/** Short random texts that tell what was written by one save from what was written by any other. */
import { randomBytes } from 'node:crypto'

/** Of 48 random bits. */
export const NONCE_LENGTH = 8

/** How many are made at once: asking for random bytes takes longer than most of a save. */
const AT_ONCE = 1024

let pool = ''
let next = 0

export function makeNonce(): string {
  if (next === pool.length) {
    pool = randomBytes((NONCE_LENGTH / 4) * 3 * AT_ONCE).toString('base64url')
    next = 0
  }
  return pool.slice(next, (next += NONCE_LENGTH))
}
