import type { Session } from '@remix-run/session'

/** Returns what a stored text means, by `JSON.parse`; `undefined` if it is not a session. */
export function sessionData(text: string): Session['data'] | undefined {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    return undefined
  }
  let [values, flash] = Array.isArray(data) ? data : []
  return isObject(values) && isObject(flash) ? [values, flash] : undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]'
}
