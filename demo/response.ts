/** The answers of the demo, with the headers that each kind of them needs. */
import { randomBytes } from 'node:crypto'

import { render, type Html } from './html.ts'

/** Sends a page, which may be shown in a frame of the demo only if it says so. */
export function page(content: Html, { status = 200, nonce = '', isFramed = false } = {}): Response {
  let policy = [
    "default-src 'none'",
    `style-src 'self'${nonce && ` 'nonce-${nonce}'`}`,
    "img-src 'self'",
    "frame-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    `frame-ancestors ${isFramed ? "'self'" : "'none'"}`,
  ]
  return new Response(render(content), {
    status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': policy.join('; '),
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'same-origin',
      'X-Content-Type-Options': 'nosniff',
    },
  })
}

/** What marks a `<style>` as ours. */
export function createNonce(): string {
  return randomBytes(16).toString('base64')
}

/** Sends the browser on with a GET, so that reloading does not post again. */
export function redirect(location: string): Response {
  return new Response(null, { status: 303, headers: { Location: location } })
}

/** Sends a file that does not change while the app runs. */
export function asset(content: string, type: string): Response {
  return new Response(content, {
    headers: {
      'Content-Type': `${type}; charset=utf-8`,
      'Cache-Control': 'no-cache',
      'X-Content-Type-Options': 'nosniff',
    },
  })
}
