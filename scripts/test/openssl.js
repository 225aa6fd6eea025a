/** Finds or installs what makes the certificates of the TLS tests. */
import { ensureProgram } from '../system-package.js'

/** @throws {SetupError} with the command to run on this system */
export function ensureOpenssl() {
  ensureProgram({
    what: 'OpenSSL, for the certificates of the TLS tests,',
    programs: ['openssl'],
    aptPackage: 'openssl',
    commands: {
      brew: 'brew install openssl',
      'apt-get': 'sudo apt-get install openssl',
      dnf: 'sudo dnf install openssl',
      apk: 'sudo apk add openssl',
      pacman: 'sudo pacman -S openssl',
      windows: 'It comes with Git for Windows.',
    },
  })
}
