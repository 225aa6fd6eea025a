/** HTML that cannot be injected into: every value is escaped unless it is HTML already. */

const TEXT = Symbol('text')

/** A piece of HTML; only {@link html} makes one. */
export interface Html {
  readonly [TEXT]: string
}

type Value = string | number | false | null | undefined | Html | Value[]

/** Makes HTML of a template. Its values may be text, HTML, or arrays of both. */
export function html(strings: TemplateStringsArray, ...values: Value[]): Html {
  return { [TEXT]: String.raw({ raw: strings }, ...values.map(toHtml)) }
}

/** Gives a page's source. */
export function render(page: Html): string {
  return page[TEXT].trimStart()
}

function toHtml(value: Value): string {
  if (value === null || value === undefined || value === false) return ''
  if (Array.isArray(value)) return value.map(toHtml).join('')
  return typeof value === 'object' ? value[TEXT] : escape(String(value))
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!)
}
