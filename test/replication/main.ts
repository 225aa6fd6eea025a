/** Prints what is lost when another server becomes the primary, of what Redis had acknowledged: see `scripts/dev/losses.js`. */
import { scenarios } from './scenarios.ts'
import type { Tally } from './visitors.ts'

let rounds = Number(process.argv[2])

console.log(
  '| what happens | saves acknowledged | of these lost | logouts acknowledged | of these lost | failed |',
)
console.log('| --- | --- | --- | --- | --- | --- |')
for (let { name, play } of scenarios) {
  let tallies: Tally[] = []
  for (let round = 0; round < rounds; round++) tallies.push(await play())
  let cells = [
    ({ saves }: Tally) => saves.acknowledged,
    ({ saves }: Tally) => saves.lost,
    ({ logouts }: Tally) => logouts.acknowledged,
    ({ logouts }: Tally) => logouts.lost,
    ({ failed }: Tally) => failed,
  ].map((pick) => inAll(tallies.map(pick)))
  console.log(`| ${[name, ...cells].join(' | ')} |`)
}

/** The smallest and the largest, if they differ. */
function inAll(counts: number[]): string {
  let [least, most] = [Math.min(...counts), Math.max(...counts)]
  return least === most ? String(least) : `${least}–${most}`
}
