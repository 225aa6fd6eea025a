/** Where the project's source is, which npm shows and compares with where a package was built. */
import { readFileSync } from 'node:fs'

import { inRoot, SetupError } from '../project.js'

/** The owner in the address until somebody writes the real one. */
const PLACEHOLDER = 'OWNER'

/**
 * Refuses to go on while `repository` in `package.json` is a placeholder. `npm publish --provenance`
 * would refuse too, but only after some packages have been published.
 *
 * @returns {object} The `repository`
 * @throws {SetupError}
 */
export function requireRepository() {
  let { repository } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'))
  if (repository && repository.url && !repository.url.includes(`/${PLACEHOLDER}/`)) {
    return repository
  }
  throw new SetupError(
    'The "repository" in package.json is still a placeholder. Replace its "url" with the address ' +
      'of the Git repository that releases are built from, such as ' +
      '"git+https://github.com/your-organization/remix-session-storage-redis.git". ' +
      'The packages of the platforms take it over from there.',
  )
}
