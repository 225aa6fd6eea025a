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
    include: ['test/**/*.test.ts'],
    // `npm run test:package` has more to set up.
    exclude: ['test/package/**', '**/node_modules/**'],
    // Each file starts servers of its own, and the machines have few cores.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
})
