/** The sessions that all contenders get: the same ids, and JSON of an exact size. */

/** Bytes of stored JSON. */
export type Size = 300 | 4096 | 65536

/** Wide enough that adding one does not change the size. */
const COUNT = 1_000_000

/** Returns the stored text of a session: what a shop keeps, padded to its size with a cart. */
export function sessionText(size: number): string {
  let values = {
    userId: '5f0c8f1e-3d1b-4c55-9a8e-2b7d64c0a911',
    name: 'Ada Lovelace',
    locale: 'en-GB',
    roles: ['customer'],
    count: COUNT,
    cart: [] as object[],
    csrf: '',
  }
  let item = { sku: 'TEA-0042-GRN', title: 'Green tea, 100 g', quantity: 2, price: 1290 }
  while (text(values).length + JSON.stringify(item).length < size) values.cart.push(item)
  values.csrf = 'x'.repeat(size - text(values).length)
  return text(values)
}

/** One for each session of a size; more than are ever in flight, so that no two requests share one. */
export function sessionIds(size: number): string[] {
  let count = size > 10_000 ? 256 : 1024
  return Array.from({ length: count }, (_, index) => sessionId(size, index))
}

/** As long as the UUIDs that Remix makes. */
export function sessionId(size: number, index: number): string {
  return `b3c1f9e2-7a4d-4e1b-${String(size % 10_000).padStart(4, '0')}-${String(index).padStart(12, '0')}`
}

function text(values: object): string {
  return JSON.stringify([values, {}])
}
