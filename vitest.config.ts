import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: {
    // What is tested is what ships: the compiled package.
    alias: {
      'remix-session-storage-redis': fileURLToPath(new URL('dist/index.js', import.meta.url)),
    },
  },
  test: {
    // Of tests that say they may run side by side: these wait for time to pass.
    maxConcurrency: 100,
    include: ['test/**/*.test.ts'],
    // `npm run test:package` has more to set up.
    exclude: ['test/package/**', '**/node_modules/**'],
    // Each file starts servers of its own, and the machines have few cores.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
})
