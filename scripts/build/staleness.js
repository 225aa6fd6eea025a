/** Whether something built is older than what it was built from. */
import { statSync } from 'node:fs'

import { filesIn, inRoot } from '../project.js'

/**
 * Gives whether `built` is missing, or older than any of the sources.
 *
 * @param {string} built Relative to the checkout, as the sources are
 * @param {string[]} sources Files, and folders with all that is in them; one that is not there does
 *   not count
 * @param {(file: string) => boolean} [matters] Which files of the folders count
 * @returns {boolean}
 */
export function isStale(built, sources, matters = () => true) {
  let time = modified(inRoot(built))
  if (time === undefined) return true
  return sources
    .flatMap((source) => filesIn(inRoot(source)))
    .some((file) => matters(file) && (modified(file) || 0) > /** @type {number} */ (time))
}

/**
 * @param {string} file
 * @returns {number | undefined} Milliseconds; `undefined` if there is no such file
 */
function modified(file) {
  let stats = statSync(file, { throwIfNoEntry: false })
  return stats && stats.mtimeMs
}
