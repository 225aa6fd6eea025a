/** What the shop sells, and a cart as a session keeps it. */
import type { Session } from '@remix-run/session'

export interface Product {
  id: string
  name: string
  about: string
  cents: number
}

export interface CartLine {
  product: Product
  count: number
  cents: number
}

export interface Cart {
  lines: CartLine[]
  count: number
  cents: number
}

export const PRODUCTS: Product[] = [
  { id: 'notebook', name: 'Notebook', about: 'Dotted, 160 pages, lies flat', cents: 1400 },
  { id: 'pen', name: 'Fountain pen', about: 'Steel nib, medium', cents: 3200 },
  { id: 'ink', name: 'Bottle of ink', about: 'Blue-black, 50 ml', cents: 1150 },
  { id: 'lamp', name: 'Desk lamp', about: 'Warm, two joints, one switch', cents: 5800 },
  { id: 'mug', name: 'Enamel mug', about: 'For the other black liquid', cents: 1275 },
  { id: 'ruler', name: 'Brass ruler', about: 'Fifteen centimetres, for good', cents: 1850 },
]

/** The most of one product that a cart takes. */
const MOST = 99

export function findProduct(id: string): Product | undefined {
  return PRODUCTS.find((product) => product.id === id)
}

/** Reads the cart of a session, which holds no more than a count for each product. */
export function cartOf(session: Session): Cart {
  let counts = countsOf(session)
  let lines = PRODUCTS.filter(({ id }) => counts[id] !== undefined).map((product) => {
    let count = counts[product.id]!
    return { product, count, cents: count * product.cents }
  })
  return {
    lines,
    count: lines.reduce((sum, line) => sum + line.count, 0),
    cents: lines.reduce((sum, line) => sum + line.cents, 0),
  }
}

/** Puts `change` more or fewer of a product into the cart of a session. */
export function changeCart(session: Session, product: Product, change: number): void {
  let { [product.id]: count = 0, ...others } = countsOf(session)
  count = Math.min(count + change, MOST)
  let counts = count > 0 ? { ...others, [product.id]: count } : others
  // What is not there takes no space in Redis.
  if (Object.keys(counts).length === 0) session.unset('cart')
  else session.set('cart', counts)
}

function countsOf(session: Session): Record<string, number> {
  return (session.get('cart') as Record<string, number> | undefined) ?? {}
}
