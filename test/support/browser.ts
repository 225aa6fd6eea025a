/** The browser in which pages are looked at. */
import { chromium, type Browser } from 'playwright-core'

import { ensureProgram } from '../../scripts/programs.js'

export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: ensureProgram('chromium'),
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  })
}
