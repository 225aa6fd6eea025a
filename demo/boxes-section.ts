/** The part of the shop's page that fires requests which overlap, and shows what they have left. */
import { BOXES, type Boxes } from './boxes.ts'
import { html, type Html } from './html.ts'
import { routes } from './routes.ts'

/** @param boxes What the last requests have left, if there were any */
export function boxesSection(boxes: Boxes | undefined): Html {
  return html`
    <section class="overlap" aria-labelledby="overlap">
      <h2 id="overlap">Requests that overlap</h2>
      <p class="explanation">
        The app sends itself ${BOXES.length} requests with your cookie. All of them read your
        session before the first one saves, and each puts a box of its own into it.
      </p>
      <form class="fire" method="post" action="${routes.fire.merge.href()}">
        <button class="primary">Fire ${BOXES.length} requests</button>
        <button formaction="${routes.fire.overwrite.href()}">
          Fire ${BOXES.length} with overwrite
        </button>
      </form>
      ${boxes && outcome(boxes)}
    </section>
  `
}

function outcome({ onConflict, kept }: Boxes): Html {
  let count = kept.filter(Boolean).length
  let isLastOnly = onConflict === 'overwrite'
  return html`
    <ol class="boxes">
      ${kept.map(box)}
    </ol>
    <p class="outcome">
      <span>
        <strong>${count} of ${kept.length} kept</strong>${isLastOnly && ': the last save won'}
      </span>
      <small>with <code>onConflict: '${onConflict}'</code></small>
    </p>
  `
}

function box(isKept: boolean, index: number): Html {
  let what = isKept ? 'kept' : 'lost'
  return html`<li class="${what}">${index + 1}<span class="unseen"> ${what}</span></li> `
}
