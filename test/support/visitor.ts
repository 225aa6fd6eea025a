/** A browser's part of HTTP: keeps its cookies. */
export interface Visitor {
  /** Sends a request with the cookies it was given so far; gives the body. */
  get(path: string): Promise<string>
  post(path: string, form?: Record<string, string>): Promise<string>
  /** The session cookie, as it would be sent. */
  cookie: string | undefined
}

export function visitor(origin: string): Visitor {
  async function send(path: string, init: RequestInit): Promise<string> {
    let headers = new Headers(init.headers)
    if (self.cookie !== undefined) headers.set('Cookie', self.cookie)
    let response = await fetch(origin + path, { ...init, headers, redirect: 'manual' })
    for (let line of response.headers.getSetCookie()) {
      let pair = line.split(';')[0]!
      self.cookie = pair.endsWith('=') || /max-age=0/i.test(line) ? undefined : pair
    }
    if (response.status >= 400) throw new Error(`${path}: ${response.status}`)
    return response.text()
  }

  let self: Visitor = {
    cookie: undefined,
    get: (path) => send(path, {}),
    post: (path, form = {}) => send(path, { method: 'POST', body: new URLSearchParams(form) }),
  }
  return self
}
