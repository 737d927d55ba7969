import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { redactPasswords } from '../core/base/format.ts'
import { addCarryOver } from './carry-over-command.ts'
import type { ClearExpiredCommandOptions } from './clear-expired.ts'
import type { DoctorCommandOptions } from './doctor.ts'
import { EXIT_HELP } from './exit-code.ts'
import { type ExplainCommandOptions, parseHeader } from './headers.ts'
import { addSessionCommands } from './session-commands.ts'
import { type SourceOptions, withSource, withSourceOptions } from './source.ts'

type Done = (exitCode: number) => void

const EXAMPLES = `
Examples:
  sojourn list --app ./sessions.js --user 7
  sojourn explain --app ./sessions.js - < cookie.txt
  SOJOURN_STORE=postgres://user@host/database sojourn clear-expired
  source <(sojourn completion bash)`

/** The command line. Each action calls `done` with its exit code. */
export function createProgram(done: Done): Command {
  const sojourn = new Command('sojourn')
    .description('Operates the sessions of an application: lists, explains, changes and clears them.')
    .version(readVersion())
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(redactPasswords(text)) })
    .addHelpText('after', EXIT_HELP)
    .addHelpText('after', EXAMPLES)
  addSessionCommands(sojourn, done)
  addExplain(sojourn, done)
  addDoctor(sojourn, done)
  addClearExpired(sojourn, done)
  addMigrate(sojourn, done)
  addCarryOver(sojourn, done)
  return sojourn
}

function addExplain(sojourn: Command, done: Done): void {
  const command = sojourn
    .command('explain')
    .description('Explains what would happen to a request now, and why.')
    .argument(
      '[cookie]',
      'a Cookie header, the value of a session cookie, a handle, or - for standard input, because arguments show in `ps`',
    )
    .option('--url <url>', 'the address of the request, as the application receives it (default: over HTTPS)')
    .option('--header <header>', "a header of the request, such as 'x-forwarded-proto: https'; repeatable", parseHeader, [])
    .option('--json', 'print one JSON object')
  withSourceOptions(command)
    .addHelpText('after', EXIT_HELP)
    .action(async (cookie: string | undefined, options: SourceOptions & ExplainCommandOptions) => {
      const { explain } = await import('./explain.ts')
      done(await withSource(options, { existing: true, needsApp: 'explain' }, ({ admin }) => explain(admin, cookie, options)))
    })
}

function addDoctor(sojourn: Command, done: Done): void {
  const command = sojourn
    .command('doctor')
    .description('Checks the configuration, the store, and with --url a response of the application.')
    .option('--url <url>', 'an address of the application, as its visitors use it')
    .option('--json', 'one JSON object per line')
  withSourceOptions(command)
    .addHelpText('after', EXIT_HELP)
    .action(async (options: SourceOptions & DoctorCommandOptions) => {
      const { doctor } = await import('./doctor.ts')
      done(await withSource(options, { existing: true, needsApp: 'doctor' }, ({ admin }) => doctor(admin, readVersion(), options)))
    })
}

function addClearExpired(sojourn: Command, done: Done): void {
  const command = sojourn
    .command('clear-expired')
    .description('Deletes expired sessions in batches. Safe while servers are running, and safe to run concurrently.')
    .option('--batch <rows>', 'maximum number of rows per transaction (default: 1000, SQLite 100)', parseRows)
    .option('--dry-run', 'only print how many sessions would be deleted')
    .option('--quiet', 'print errors only')
  withSourceOptions(command)
    .addHelpText('after', EXIT_HELP)
    .action(async (options: SourceOptions & ClearExpiredCommandOptions) => {
      const { clearExpired } = await import('./clear-expired.ts')
      done(await withSource(options, { existing: true }, (source) => clearExpired(source, options)))
    })
}

function addMigrate(sojourn: Command, done: Done): void {
  const command = sojourn
    .command('migrate')
    .description('Creates the session table, or the indexes that it lacks.')
    .option('--dry-run', 'only print the statements and run none')
  withSourceOptions(command)
    .addHelpText('after', EXIT_HELP)
    .action(async (options: SourceOptions & { readonly dryRun?: boolean }) => {
      const { migrate } = await import('./migrate.ts')
      done(await withSource(options, { existing: false }, ({ store }) => migrate(store, options)))
    })
}

function parseRows(text: string): number {
  const count = Number(text)
  if (Number.isSafeInteger(count) && count >= 1 && count <= 1_000_000) return count
  throw new InvalidArgumentError('Give a whole number of rows, from 1 to 1000000.')
}

function readVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { readonly version: string }).version
}
