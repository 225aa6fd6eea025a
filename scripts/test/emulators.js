/** What runs and reads other platforms' programs on Linux, for the tests of the packages. */
import { findProgram, installWithApt } from '../system-package.js'

/** @type {{ for: string, program: string, packages: string[] }[]} */
const EMULATORS = [
  { for: 'linux-', program: 'readelf', packages: ['binutils'] },
  {
    for: 'linux-arm64-gnu',
    program: 'qemu-aarch64',
    packages: ['qemu-user', 'libc6-arm64-cross', 'libstdc++6-arm64-cross'],
  },
  { for: 'linux-x64-musl', program: 'ld-musl-config', packages: ['musl'] },
  { for: 'win32-x64', program: 'wine', packages: ['wine', 'wine64'] },
  { for: 'win32-', program: 'llvm-objdump', packages: ['llvm'] },
  { for: 'darwin-', program: 'llvm-objdump', packages: ['llvm'] },
]

/**
 * Installs what these platforms need and this machine lacks, where that needs no asking. What is
 * still missing then, the tests leave out by name.
 *
 * @param {string[]} platforms
 */
export function installEmulators(platforms) {
  let missing = EMULATORS.filter(
    (emulator) =>
      platforms.some((platform) => platform.startsWith(emulator.for)) &&
      !findProgram([emulator.program]),
  )
  let packages = [...new Set(missing.flatMap(({ packages }) => packages))]
  if (packages.length > 0) installWithApt('What runs other platforms’ programs', packages)
}
