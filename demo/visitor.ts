/** A browser reduced to what the check needs: it keeps cookies, and follows redirects with a GET. */

export interface Page {
  status: number
  html: string
  /** The cookies that the answer set, or those of the answer that redirected to it. */
  setCookies: string[]
}

export interface Visitor {
  get(path: string): Promise<Page>
  /** Submits a form. With `follow: false` the page that it leads to is not fetched. */
  post(path: string, fields?: Record<string, string>, options?: { follow: boolean }): Promise<Page>
  /** The `Cookie` header of the next request. */
  cookie(): string
}

/**
 * @param origin Gives where the app is at the moment
 * @param cookie The `Cookie` header to start with
 */
export function createVisitor(origin: () => string, cookie = ''): Visitor {
  let jar = new Map<string, string>()
  if (cookie !== '') keep(cookie)
  let cookieHeader = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ')

  async function request(path: string, init: RequestInit = {}, follow = true): Promise<Page> {
    let headers = { Cookie: cookieHeader() }
    let response = await fetch(origin() + path, { ...init, headers, redirect: 'manual' })
    let setCookies = response.headers.getSetCookie()
    for (let setCookie of setCookies) keep(setCookie)

    let location = response.headers.get('Location')
    if (location === null || !follow)
      return { status: response.status, html: await response.text(), setCookies }
    if (response.status !== 303) throw new Error(`${path} redirected with ${response.status}`)
    let page = await request(location)
    return { ...page, setCookies: [...setCookies, ...page.setCookies] }
  }

  function keep(setCookie: string): void {
    let [pair = ''] = setCookie.split(';')
    let at = pair.indexOf('=')
    let value = pair.slice(at + 1)
    if (value === '') jar.delete(pair.slice(0, at))
    else jar.set(pair.slice(0, at), value)
  }

  return {
    get: (path) => request(path),
    post: (path, fields = {}, { follow } = { follow: true }) =>
      request(path, { method: 'POST', body: new URLSearchParams(fields) }, follow),
    cookie: cookieHeader,
  }
}
