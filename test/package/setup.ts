/** Packs what is to be tested: the main package, and every platform whose addon was built. */
import type { TestProject } from 'vitest/node'

import { hostPlatform } from '../../scripts/build.js'
import { builtPlatforms, packMain, packPlatform } from '../../scripts/pack.js'

export default function setup(project: TestProject): void {
  project.provide('host', hostPlatform())
  project.provide('main', packMain())
  project.provide(
    'platforms',
    Object.fromEntries(builtPlatforms().map((name) => [name, packPlatform(name)])),
  )
}
