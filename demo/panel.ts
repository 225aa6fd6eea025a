/** The frame beside the shop that shows what Redis holds. It reloads itself, without a script. */
import { html, type Html } from './html.ts'
import { prettyJson } from './json.ts'
import { routes } from './routes.ts'
import { TTL } from './session.ts'
import type { StoredSession } from './stored-session.ts'

/** Between two looks the stylesheet counts the seconds down. */
const SECONDS_BETWEEN_LOOKS = 5

/** A line that is too short for a key is broken before the id. */
const UUID_LENGTH = 36

export function panel({ key, text, bytes, expiresIn, place }: StoredSession, nonce: string): Html {
  let seconds = Math.ceil(expiresIn / 1000)
  // Starts the countdown at the millisecond, so that the seconds change when Redis's do.
  let countdown = html`<style nonce="${nonce}">
    .ttl {
      --seconds: ${seconds};
      --share: ${(expiresIn / 1000 / TTL).toFixed(4)};
      --elapsed: ${expiresIn - seconds * 1000}ms;
    }
  </style>`

  return frame(
    html`
      <dl>
        <div class="wide">
          <dt>Key</dt>
          <dd class="key">${key.slice(0, -UUID_LENGTH)}<span>${key.slice(-UUID_LENGTH)}</span></dd>
        </div>
        <div>
          <dt>Time to live</dt>
          <dd class="ttl">
            <span class="clock large"><span>${clock(seconds)}</span></span>
            <span class="bar"></span>
          </dd>
        </div>
        <div>
          <dt>Size</dt>
          <dd><span class="large">${bytes}</span> bytes</dd>
        </div>
        ${place && placeOf(place)}
        <div class="wide">
          <dt>Value: the session, flash messages, and a version</dt>
          <dd><pre>${prettyJson(text)}</pre></dd>
        </div>
      </dl>
    `,
    countdown,
  )
}

function placeOf({ address, slot, pid }: NonNullable<StoredSession['place']>): Html {
  return html`
    <div>
      <dt>Server</dt>
      <dd class="server">${address}</dd>
    </div>
    <div>
      <dt>Slot</dt>
      <dd class="slot">${slot}</dd>
    </div>
    <div class="wide">
      <dt>Ends this server</dt>
      <dd class="kill">kill -9 ${pid}</dd>
    </div>
  `
}

const NOTES = {
  nothing: {
    title: 'Nothing yet',
    text: 'A visit that changes nothing stores nothing, and sets no cookie. Add something to the cart.',
  },
  gone: {
    title: 'Nothing any more',
    text: 'The session that your cookie names was ended, or has expired.',
  },
  unreachable: {
    title: 'Redis does not answer',
    text: 'This looks again every few seconds.',
  },
}

/** Says why there is no session to show. */
export function notePanel(note: keyof typeof NOTES): Html {
  let { title, text } = NOTES[note]
  return frame(html`
    <div class="note">
      <p><strong>${title}</strong></p>
      <p>${text}</p>
    </div>
  `)
}

function frame(body: Html, style?: Html): Html {
  return html`
    <!doctype html>
    <html lang="en" class="frame">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="refresh" content="${SECONDS_BETWEEN_LOOKS}" />
        <title>Your session in Redis</title>
        <link rel="stylesheet" href="${routes.stylesheet.href()}" />
        ${style}
      </head>
      <body>
        ${body}
      </body>
    </html>
  `
}

function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
