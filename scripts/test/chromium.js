/** Finds or installs the browser that the tests look at the demo with. */
import { isExecutable, ensureProgram } from '../system-package.js'

/**
 * Gives the path of Chromium or Chrome (`CHROMIUM` in the environment goes first), which is
 * installed first where that is possible.
 *
 * @returns {string}
 * @throws {SetupError} with the command to run on this system
 */
export function ensureChromium() {
  let chosen = process.env.CHROMIUM
  if (chosen && isExecutable(chosen)) return chosen
  return ensureProgram({
    what: 'Chromium',
    programs: ['chromium', 'chromium-browser', 'google-chrome'],
    aptPackage: 'chromium',
    commands: {
      brew: 'brew install --cask chromium, and set CHROMIUM to the path of its program',
      'apt-get': 'sudo apt-get install chromium',
      dnf: 'sudo dnf install chromium',
      apk: 'sudo apk add chromium',
      pacman: 'sudo pacman -S chromium',
      windows: 'Install Chrome, and set CHROMIUM to the path of chrome.exe.',
    },
  })
}
