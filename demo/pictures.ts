/** Line drawings of the products; they say nothing that the name beside them does not. */
import { html, type Html } from './html.ts'

const DRAWINGS: Record<string, Html> = {
  notebook: html`<path
      d="M14 8h20a2 2 0 0 1 2 2v28a2 2 0 0 1-2 2H14a2 2 0 0 1-2-2V10a2 2 0 0 1 2-2Z"
    />
    <path d="M18 8v32M24 17h6M24 23h6" />`,
  pen: html`<path d="m9 39 3-11 9 8Z" />
    <path d="M12 28 31 8.5a3 3 0 0 1 4.2 0l4.3 4.3a3 3 0 0 1 0 4.2L21 36M27 12.5l8.5 8.5" />
    <path d="m9 39 7-7" />`,
  ink: html`<path d="M19 8h10v6H19ZM17 14h14l6 8v16a2 2 0 0 1-2 2H13a2 2 0 0 1-2-2V22Z" />
    <path d="M11 27c4-2 8 2 13 0s9-2 13 0" />`,
  lamp: html`<path d="M12 40h16M20 40l-5-14 13-11" />
    <path d="m24 11 8-4 8 11-11 5ZM35 22a4 4 0 0 1-5 2" />`,
  mug: html`<path
      d="M11 13h22v23a3 3 0 0 1-3 3H14a3 3 0 0 1-3-3ZM33 18h3a4 4 0 0 1 4 4v4a4 4 0 0 1-4 4h-3"
    />
    <path d="M11 18h22" />`,
  ruler: html`<path d="m7 32 25-25 9 9-25 25Z" /> <path d="m14 25 4 4M20 19l3 3M26 13l4 4" />`,
}

export function picture(product: string): Html {
  return html`<svg class="picture" viewBox="0 0 48 48" aria-hidden="true">
    ${DRAWINGS[product]}
  </svg>`
}
