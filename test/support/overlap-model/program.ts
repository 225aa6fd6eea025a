/** Random programs: what requests of one visitor do with a session, all of them at the same time. */
import fc from 'fast-check'

export const KEYS = ['a', 'b', 'list']
export const MESSAGES = ['m', 'n']

export type Step =
  | { does: 'get' | 'unset' | 'mutate'; key: string }
  | { does: 'set'; key: string; value: unknown }
  | { does: 'flash'; key: string; message: string }
  | { does: 'regenerate'; deletesOld: boolean }
  | { does: 'destroy' }
  | { does: 'save'; isAwaited: boolean }

export interface Request {
  /** Which process gets it. */
  process: number
  /** For how many turns of the scheduler it waits before it begins, so that it meets others half-way. */
  waits: number
  /** Which session it is about: 0 is the first one of the visitor, 1 the one that was saved last. */
  cookie: number | null
  steps: Step[]
}

export interface Program {
  /** What the session has when the requests come. */
  values: Record<string, unknown>
  flash: Record<string, string>
  /** What the tabs of one browser do at the same time: one request after the other. */
  tabs: Request[][]
  /** Sessions that expire meanwhile. */
  expiries: { waits: number; cookie: number }[]
}

export const PROCESSES = 3

const values = fc.oneof(fc.nat(9), fc.array(fc.nat(3), { maxLength: 2 }), fc.constant(null))
const messages = fc.constantFrom('x', 'y')
const key = fc.constantFrom(...KEYS)
const message = fc.constantFrom(...MESSAGES)

function does<const name extends string, parts extends object>(
  name: name,
  parts: { [part in keyof parts]: fc.Arbitrary<parts[part]> },
) {
  return fc.record({ does: fc.constant(name), ...parts }) as unknown as fc.Arbitrary<
    { does: name } & parts
  >
}

const changes: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: does('set', { key, value: values }) },
  { weight: 3, arbitrary: does('unset', { key }) },
  { weight: 4, arbitrary: does('mutate', { key }) },
  { weight: 5, arbitrary: does('flash', { key: message, message: messages }) },
  { weight: 2, arbitrary: does('get', { key: fc.constantFrom(...KEYS, ...MESSAGES) }) },
  { weight: 3, arbitrary: does('regenerate', { deletesOld: fc.boolean() }) },
  { weight: 1, arbitrary: does('destroy', {}) },
)

/** Some saves are called while one before is under way. */
const save = does('save', { isAwaited: fc.boolean() })

const untilSaved = fc
  .tuple(fc.array(changes, { maxLength: 3 }), save)
  .map(([changes, save]): Step[] => changes.concat(save))

const steps = fc.array(untilSaved, { minLength: 1, maxLength: 3 }).map((parts) => parts.flat())

const cookies = fc.oneof(
  { weight: 8, arbitrary: fc.constant(0) },
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 3 }) },
  { weight: 1, arbitrary: fc.constant(null) },
)

const waits = fc.nat(12)

const requests = fc.record({ process: fc.nat(PROCESSES - 1), waits, cookie: cookies, steps })

export const programs: fc.Arbitrary<Program> = fc.record({
  values: fc.record({ a: values, b: values, list: fc.constant([0]) }, { requiredKeys: [] }),
  flash: fc.dictionary(message, messages, { maxKeys: 2 }),
  tabs: fc.array(fc.array(requests, { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 4,
    size: 'max',
  }),
  expiries: fc.array(fc.record({ waits, cookie: fc.nat(3) }), { maxLength: 1 }),
})
