/** Short random texts that tell what was written by one save from what was written by any other. */

/** Of 48 random bits. */
export const NONCE_LENGTH = 8

/** How many are made at once: asking for random bytes takes longer than most of a save. */
const AT_ONCE = 1024

let pool = ''
let next = 0

export function makeNonce(): string {
  if (next === pool.length) {
    // Not of `node:crypto`, which takes milliseconds to load, before anything is saved.
    let bytes = crypto.getRandomValues(Buffer.allocUnsafe((NONCE_LENGTH / 4) * 3 * AT_ONCE))
    pool = bytes.toString('base64url')
    next = 0
  }
  return pool.slice(next, (next += NONCE_LENGTH))
}
