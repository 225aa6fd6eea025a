/** The sessions that all contenders get: the same ids, and JSON of an exact size. */

/**
 * What a session is made of. `cart`: a few small keys, and a cart of nested objects that is nearly all
 * of it. `text`: the same with titles that are not ASCII. `keys`: many small keys.
 */
export type Shape = 'cart' | 'keys' | 'text'

/** Bytes of stored JSON in UTF-8. */
export type Size = 300 | 4096 | 65_536

export interface Form {
  shape: Shape
  size: Size
}

/** What is measured where the session does not matter. */
export const SMALL: Form = { shape: 'cart', size: 300 }

/** Wide enough that adding one, as often as anyone can, does not change the size. */
const COUNT = 1_000_000

/** What is left when no further item or key fits is filled with the beginning of this. */
const NOTE = 'Please leave it with the neighbours: the bell of the back building does not ring. '

/**
 * Returns the stored text of a session: the small keys of a shop, and as many items or keys as fit. It
 * is what `JSON.stringify` makes of it, so that saving it again does not change the size.
 */
export function sessionText({ shape, size }: Form): string {
  let parts: string[] = []
  let room = size - bytesOf(assemble(shape, parts, ''))
  for (;;) {
    let part = partAt(shape, parts.length)
    room -= bytesOf(part) + 1
    if (room < 0) break
    parts.push(part)
  }
  let missing = size - bytesOf(assemble(shape, parts, ''))
  return assemble(shape, parts, NOTE.repeat(4).slice(0, missing))
}

/** One for each session; more than are ever in flight, so that no two requests share one. */
export function sessionIds({ shape, size }: Form): string[] {
  let count = size > 10_000 ? 256 : 1024
  let form = `${SHAPE_DIGITS[shape]}-9${String(size % 1000).padStart(3, '0')}`
  // As long as the UUIDs that Remix makes.
  return Array.from(
    { length: count },
    (_, index) => `b3c1f9e2-7a4d-${form}-${String(index).padStart(12, '0')}`,
  )
}

const SHAPE_DIGITS: Record<Shape, string> = { cart: '4ca7', keys: '4e15', text: '47e7' }

function assemble(shape: Shape, parts: string[], note: string): string {
  let user = '"userId":"5f0c8f1e-3d1b-4c55-9a8e-2b7d64c0a911","locale":"en-GB"'
  let count = `"count":${COUNT}`
  let end = `"note":"${note}"`
  if (shape !== 'keys') return `[{${user},${count},"cart":[${parts.join(',')}],${end}},{}]`
  // In the middle, because a key may take as long to find as there are others before it.
  return `[{${[user, ...parts.toSpliced(parts.length / 2, 0, count), end].join(',')}},{}]`
}

/** Returns the JSON of an item of the cart, or of a key and its value. */
function partAt(shape: Shape, index: number): string {
  let sku = `TEA-${String(index).padStart(4, '0')}`
  if (shape === 'keys') {
    let members = [`"viewed_${sku}":${1_764_000_000 + index}`, `"grind_${sku}":"whole"`]
    return members[index % 2]!
  }
  let titles = shape === 'text' ? TEXT_TITLES : TITLES
  return JSON.stringify({
    sku,
    title: titles[index % titles.length],
    quantity: 1 + (index % 9),
    price: { amount: 1290 + index, currency: 'EUR' },
    options: { gift: false, grams: [50, 100] },
  })
}

const TITLES = ['Green tea, spring harvest', 'Teapot with a lid, 0.7 l', 'Earl Grey, loose leaf']

const TEXT_TITLES = ['宇治の抹茶 四十グラム', 'Τσάι του βουνού', 'Thé à la crème brûlée']

function bytesOf(text: string): number {
  return Buffer.byteLength(text)
}
