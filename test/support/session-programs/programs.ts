/** Random programs: what Redis holds of a session, and what requests do with it. */
import fc from 'fast-check'

import { lookAtAll, nextRequest, steps, type PlannedStep, type Step } from './steps.ts'
import { storedTexts, type StoredText } from './texts.ts'

export class Program {
  /** `null` for a visitor without a session. */
  readonly text: string | null
  readonly steps: Step[]

  constructor(stored: StoredText | null, planned: PlannedStep[]) {
    this.text = stored?.text ?? null
    let keys = stored?.keys ?? []
    this.steps = [...planned.map((step) => step(keys)), nextRequest, lookAtAll(keys)]
  }

  /** As fast-check prints it if it fails. */
  toString(): string {
    return [`read ${fc.stringify(this.text)}`, ...this.steps].map((step) => `\n  ${step}`).join('')
  }
}

const stored = fc.oneof(
  { weight: 19, arbitrary: storedTexts },
  { weight: 1, arbitrary: fc.constant(null) },
)

export const programs: fc.Arbitrary<Program> = fc
  .tuple(stored, fc.array(steps, { maxLength: 80, size: 'max' }))
  .map(([stored, planned]) => new Program(stored, planned))
