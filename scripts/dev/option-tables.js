/** Writes the README's tables of options anew, from `src/lib/option-table.ts`: part of `npm run format`. */
import { readFileSync, writeFileSync } from 'node:fs'

import { OPTIONS } from '../../src/lib/option-table.ts'
import { inRoot } from '../project.js'

/** @type {[heading: string, forms: string[]][]} */
const TABLES = [
  ['## Options', ['url', 'client']],
  ['### Options of the drop-in form', ['drop-in']],
]

let readme = readFileSync(inRoot('README.md'), 'utf8')
for (let [heading, forms] of TABLES) {
  let options = OPTIONS.filter((option) => option.forms.some((form) => forms.includes(form)))
  let rows = options.map(({ name, type, default: byDefault, description }) => {
    let code = typeof byDefault === 'string' ? `'${byDefault}'` : byDefault
    return `| \`${name}\` | ${type} | ${code == null ? '' : `\`${code}\``} | ${description} |\n`
  })
  let start = readme.indexOf('| `', readme.indexOf(`\n${heading}\n`))
  let end = readme.indexOf('\n\n', start) + 1
  readme = readme.slice(0, start) + rows.join('') + readme.slice(end)
}
writeFileSync(inRoot('README.md'), readme)
