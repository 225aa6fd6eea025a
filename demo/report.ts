/** Prints what the check sees, line by line, and keeps count. */

export interface Report {
  /** Notes one thing that has to be so. */
  expect(what: string, isSo: boolean, seen?: string): void
  /** Prints a summary, and gives whether everything was as expected. */
  isGood(): boolean
}

export function createReport(): Report {
  let total = 0
  let good = 0

  return {
    expect(what, isSo, seen) {
      total++
      if (isSo) good++
      console.log(`  ${isSo ? '✓' : '✗'} ${what}${seen === undefined ? '' : `\n      ${seen}`}`)
    },
    isGood() {
      console.log(`\n${good} of ${total} as expected`)
      return total > 0 && good === total
    },
  }
}
