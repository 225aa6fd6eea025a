import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/package/*.test.ts'],
    globalSetup: ['test/package/setup.ts'],
    maxWorkers: 2,
    // npm installs, emulated processors.
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
})
