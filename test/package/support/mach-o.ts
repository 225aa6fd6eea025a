/** Apple's library format, as far as `llvm-objdump` does not check it. */
import { createHash } from 'node:crypto'

const LC_CODE_SIGNATURE = 0x1d
const CODE_DIRECTORY = 0xfade0c02

/**
 * Returns how many pages of a 64-bit library differ from what its signature says: macOS ends processes
 * that load such a page.
 *
 * @throws if it is not signed
 */
export function countBrokenPages(file: Buffer): number {
  let directory = codeDirectory(file.subarray(signatureOffset(file)))
  let [hashOffset, slots, limit] = [16, 28, 32].map((at) => directory.readUInt32BE(at)) as [
    number,
    number,
    number,
  ]
  let hashSize = directory[36]!
  let pageSize = 2 ** directory[39]!
  let broken = 0
  for (let slot = 0; slot < slots; slot++) {
    let page = file.subarray(slot * pageSize, Math.min((slot + 1) * pageSize, limit))
    let start = hashOffset + slot * hashSize
    let expected = directory.subarray(start, start + hashSize)
    if (!createHash('sha256').update(page).digest().equals(expected)) broken++
  }
  return broken
}

function signatureOffset(file: Buffer): number {
  let commands = file.readUInt32LE(16)
  let at = 32
  for (let command = 0; command < commands; command++) {
    if (file.readUInt32LE(at) === LC_CODE_SIGNATURE) return file.readUInt32LE(at + 8)
    at += file.readUInt32LE(at + 4)
  }
  throw new Error('There is no signature')
}

function codeDirectory(signature: Buffer): Buffer {
  let blobs = signature.readUInt32BE(8)
  for (let blob = 0; blob < blobs; blob++) {
    let directory = signature.subarray(signature.readUInt32BE(12 + 8 * blob + 4))
    if (directory.readUInt32BE(0) === CODE_DIRECTORY) return directory
  }
  throw new Error('The signature has no code directory')
}
