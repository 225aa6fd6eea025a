/** JSON for people: indented, and with its kinds of values told apart. */
import { html, type Html } from './html.ts'

/** A string and whether it is a key, or one of the other values. */
const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|-?\d[\d.eE+-]*|true|false|null/g

/** Marks JSON up for the stylesheet; text that is not JSON stays as it is. */
export function prettyJson(text: string): Html {
  let pretty = indented(text)
  let pieces: Html[] = []
  let end = 0
  for (let match of pretty.matchAll(TOKEN)) {
    let [token, string, colon = ''] = match
    let kind = string === undefined ? 'literal' : colon === '' ? 'string' : 'key'
    pieces.push(html`${pretty.slice(end, match.index)}`)
    pieces.push(html`<span class="${kind}">${string ?? token}</span>${colon}`)
    end = match.index + token.length
  }
  return html`${pieces}${pretty.slice(end)}`
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
