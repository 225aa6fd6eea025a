/** Returns what a stored text has of a session, as text: all but a third element, which is not the app's. */
export function sessionPart(text: string | null): string | null {
  if (text === null) return null
  let [values, flash, third] = JSON.parse(text)
  let end = third === undefined ? ']' : `,${JSON.stringify(third)}]`
  if (!text.endsWith(end)) return JSON.stringify([values, flash])
  return `${text.slice(0, -end.length)}]`
}
