// Starts the databases once for a whole run of vitest and tells the tests where they are (globalSetup in vitest.config.ts).
import type { TestProject } from 'vitest/node'
import { startPostgres } from './postgres.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where PostgreSQL is; `undefined` when there is none. */
    readonly postgres: string | undefined
  }
}

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgres()
  if (typeof server !== 'string') {
    project.provide('postgres', server.url)
    return () => server.remove()
  }
  if (process.env['CI'] !== undefined) throw new Error(`The tests of PostgreSQL cannot run: ${server}`)
  console.warn(`The tests of PostgreSQL are skipped: ${server}`)
  project.provide('postgres', undefined)
  return async () => undefined
}
