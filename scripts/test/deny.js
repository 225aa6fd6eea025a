/**
 * Checks what is linked into the addon with cargo-deny: licences, sources, duplicates, and known
 * vulnerabilities, for which it fetches a list. `npm run deny -- licenses bans sources` needs none.
 */
import { ensureCargoTool } from '../build/toolchain.js'
import { main, run } from '../project.js'

await main(import.meta.url, () => {
  let deny = ensureCargoTool('cargo-deny')
  if (!run(deny, ['check', ...process.argv.slice(2)])) process.exitCode = 1
})
