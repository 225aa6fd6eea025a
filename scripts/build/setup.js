/**
 * Makes a checkout ready to run: npm packages, the addon and `dist/`, each only when it is missing
 * or outdated. Every other script starts with it, so nobody has to.
 */
import { addonIsStale, buildAddon, buildDist, distIsStale } from './build.js'
import { installPackages } from './packages.js'
import { main } from '../project.js'

export function setUp() {
  installPackages()
  if (addonIsStale()) buildAddon()
  // After the addon, whose types it is compiled with.
  if (distIsStale()) buildDist()
}

await main(import.meta.url, setUp)
