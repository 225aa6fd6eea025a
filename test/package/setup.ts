/** Packs what is to be tested: the main package, and every platform whose addon was built. */
import type { TestProject } from 'vitest/node'

import { hostPlatform } from '../../scripts/build/build.js'
import { builtPlatforms, packMain, packPlatform } from '../../scripts/release/pack.js'

export default function setup(project: TestProject): void {
  let host = hostPlatform()
  // Linux has the means to look at what is another platform's.
  let names = builtPlatforms().filter((name) => process.platform === 'linux' || name === host)
  project.provide('host', host)
  project.provide('main', packMain())
  project.provide('platforms', Object.fromEntries(names.map((name) => [name, packPlatform(name)])))
}
