/** The shop's page. */
import type { Boxes } from './boxes.ts'
import { boxesSection } from './boxes-section.ts'
import { PRODUCTS, type Cart, type CartLine, type Product } from './cart.ts'
import { html, type Html } from './html.ts'
import { picture } from './pictures.ts'
import { routes } from './routes.ts'

export interface HomePage {
  name: string | undefined
  /** Flash messages: what happened, and what did not. */
  notice: string | undefined
  problem: string | undefined
  cart: Cart
  boxes: Boxes | undefined
  /** Whether Redis is a cluster. */
  isCluster: boolean
}

export function homePage({ name, notice, problem, cart, boxes, isCluster }: HomePage): Html {
  return layout(
    'Remix sessions in Redis',
    html`
      <header class="masthead">
        <a class="brand" href="${routes.shop.home.href()}">
          <img src="${routes.icon.href()}" alt="" width="32" height="32" />
          <span>Blue-black <small>stationery, and a session in Redis</small></span>
        </a>
        ${name === undefined ? signInForm() : signedIn(name)}
      </header>

      ${problem && message('problem', problem)} ${notice && message('notice', notice)}

      <div class="columns">
        <main>
          <section aria-labelledby="shelf">
            <h1 id="shelf">On the shelf</h1>
            <ul class="products">
              ${PRODUCTS.map(productCard)}
            </ul>
          </section>
          ${cartSection(cart, isCluster)} ${boxesSection(boxes)}
        </main>

        <aside aria-labelledby="stored">
          <h2 id="stored">In Redis, right now</h2>
          <iframe title="Your session in Redis" src="${routes.stored.href()}"></iframe>
          ${thingsToTry(isCluster)}
        </aside>
      </div>

      <footer class="colophon">
        A demo of <code>remix-session-storage-redis</code>. Nothing is for sale.
      </footer>
    `,
  )
}

export function errorPage(message: string): Html {
  return layout(
    'That did not work',
    html`
      <main class="error">
        <h1>That did not work</h1>
        <p>${message}</p>
        <p><a href="${routes.shop.home.href()}">Back to the shop</a></p>
      </main>
    `,
  )
}

function layout(title: string, body: Html): Html {
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="icon" href="${routes.icon.href()}" type="image/svg+xml" />
        <link rel="stylesheet" href="${routes.stylesheet.href()}" />
      </head>
      <body>
        ${body}
      </body>
    </html>
  `
}

function signInForm(): Html {
  return html`
    <form class="account" method="post" action="${routes.shop.signIn.href()}">
      <label for="name">Your name</label>
      <input id="name" name="name" required maxlength="40" autocomplete="given-name" />
      <button class="primary">Sign in</button>
    </form>
  `
}

function signedIn(name: string): Html {
  return html`
    <form class="account" method="post" action="${routes.shop.signOut.href()}">
      <p>Signed in as <strong>${name}</strong></p>
      <button>Sign out</button>
    </form>
  `
}

function message(kind: 'notice' | 'problem', text: string): Html {
  return html`
    <p class="message ${kind}" role="${kind === 'problem' ? 'alert' : 'status'}">
      <span>${text}</span> <small>A flash message: reload, and it is gone.</small>
    </p>
  `
}

function productCard({ id, name, about, cents }: Product): Html {
  return html`
    <li class="product" id="${id}">
      ${picture(id)}
      <h3>${name}</h3>
      <p class="about">${about}</p>
      <p class="price">${price(cents)}</p>
      ${cartButton(routes.shop.add.href({ product: id }), 'Add', `Add to the cart: ${name}`)}
    </li>
  `
}

function cartSection({ lines, count, cents }: Cart, isCluster: boolean): Html {
  let content =
    lines.length === 0
      ? html`<p class="empty">There is nothing in it.</p>`
      : html`
          <ul class="lines">
            ${lines.map(cartLine)}
          </ul>
          <p class="total"><span>Total</span> <strong>${price(cents)}</strong></p>
        `
  return html`
    <section class="cart" aria-labelledby="cart">
      <h2 id="cart">
        Your cart
        ${count > 0 && html`<span class="count">${count} ${count === 1 ? 'item' : 'items'}</span>`}
      </h2>
      ${content}
      <p class="promise">${isCluster ? SURVIVES_SERVER : SURVIVES_RESTART}</p>
    </section>
  `
}

const SURVIVES_RESTART = html`
  It survives a restart of the app: stop it with <kbd>Ctrl</kbd> <kbd>C</kbd>, start it again with
  <code>npm run demo</code>, and reload this page.
`

const SURVIVES_SERVER = html`
  It survives the end of the server that has it: kill that with the command that is shown with your
  session, and go on clicking. A request waits until the server’s replica has taken over, for a few
  seconds. What was stored within the last moment can be lost, because replicas follow behind.
`

function cartLine({ product: { id, name }, count, cents }: CartLine): Html {
  return html`
    <li>
      <span class="name">${name}</span>
      <span class="stepper">
        ${cartButton(routes.shop.remove.href({ product: id }), '−', `One less: ${name}`)}
        <span class="quantity">${count}</span>
        ${cartButton(routes.shop.add.href({ product: id }), '+', `One more: ${name}`, 'from-cart')}
      </span>
      <span class="price">${price(cents)}</span>
    </li>
  `
}

/** @param name What the button adds to the form, for the app to know which one was pressed */
function cartButton(action: string, text: string, label: string, name?: string): Html {
  return html`<form method="post" action="${action}">
    <button aria-label="${label}" ${name && html`name="${name}"`}>${text}</button>
  </form>`
}

function thingsToTry(isCluster: boolean): Html {
  return html`
    <h3>Watch it while you</h3>
    <ul class="try">
      <li><strong>reload this page</strong>: the time to live starts anew.</li>
      <li><strong>add something</strong>: a few more bytes, under the same key.</li>
      <li><strong>fire requests</strong>: a key for each of them, or only for the last.</li>
      <li>
        <strong>sign in</strong>: a new key${isCluster && ', likely on another server'}, and the old
        one is gone.
      </li>
      <li><strong>sign out</strong>: nothing is left.</li>
      ${isCluster && html`<li><strong>kill its server</strong>: the same slot on another one.</li>`}
    </ul>
  `
}

function price(cents: number): string {
  return `€ ${(cents / 100).toFixed(2)}`
}
