import { defineConfig } from 'vitest/config'

// Not included in tsconfig.json, because isolatedDeclarations does not allow a call as the default export.
export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 60_000,
    restoreMocks: true,
    unstubEnvs: true,
    coverage: { provider: 'v8', include: ['src/**'], reporter: ['text-summary', 'text', 'json-summary'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/{browser,databases,ecosystem,package,races,runtimes,types}/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'types',
          include: [],
          typecheck: { enabled: true, only: true, include: ['test/types/**/*.test-d.ts'], checker: 'tsc', tsconfig: './tsconfig.json' },
        },
      },
      { extends: true, test: { name: 'package', include: ['test/package/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'races',
          include: ['test/races/**/*.test.ts'],
          globalSetup: ['test/services/databases.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'databases',
          include: ['test/databases/**/*.test.ts'],
          globalSetup: ['test/services/databases.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'ecosystem',
          include: ['test/ecosystem/*.test.ts'],
          globalSetup: ['test/ecosystem/install.ts'],
          hookTimeout: 120_000,
          // Node itself imports the applications.
          server: { deps: { external: [/\/test\/ecosystem\/[\w-]+\/[\w-]+\.js$/] } },
        },
      },
      { extends: true, test: { name: 'browser', include: ['test/browser/**/*.test.ts'], fileParallelism: false, testTimeout: 60_000 } },
    ],
  },
})
