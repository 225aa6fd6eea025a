/** What runs and reads other platforms' programs on Linux, for the tests of the packages. */
import { findProgram, installWithApt } from '../programs.js'

/** @type {[platform: string, program: string, packages: string[]][]} */
const EMULATORS = [
  ['linux-', 'readelf', ['binutils']],
  ['linux-arm64-gnu', 'qemu-aarch64', ['qemu-user', 'libc6-arm64-cross', 'libstdc++6-arm64-cross']],
  ['linux-x64-musl', 'ld-musl-config', ['musl']],
  ['win32-x64', 'wine', ['wine', 'wine64']],
  ['win32-', 'llvm-objdump', ['llvm']],
  ['darwin-', 'llvm-objdump', ['llvm']],
]

/**
 * Installs what these platforms need and this machine lacks, if nobody has to be asked. The tests skip
 * what still cannot be run then, by name.
 *
 * @param {string[]} platforms
 */
export function installEmulators(platforms) {
  let missing = EMULATORS.filter(
    ([start, program]) =>
      platforms.some((platform) => platform.startsWith(start)) && !findProgram([program]),
  )
  let packages = [...new Set(missing.flatMap(([, , packages]) => packages))]
  if (packages.length > 0) installWithApt('What runs other platforms’ programs', packages)
}
