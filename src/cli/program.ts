import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { redactPasswords } from '../core/base/format.ts'
import { addCarryOver } from './carry-over-command.ts'
import type { ClearExpiredCommandOptions } from './clear-expired.ts'
import { EXIT_HELP } from './exit-code.ts'
import { storeOption, withStore } from './store-option.ts'

interface StoreArgument {
  readonly store?: string
}

/** The command line. Each action calls `done` with its exit code. */
export function createProgram(done: (exitCode: number) => void): Command {
  const sojourn = new Command('sojourn')
    .description('Maintains the session store.')
    .version(readVersion())
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(redactPasswords(text)) })
    .addHelpText('after', EXIT_HELP)
  sojourn
    .command('clear-expired')
    .description('Deletes expired sessions in batches. Safe while servers are running, and safe to run concurrently.')
    .addOption(storeOption())
    .option('--batch <rows>', 'maximum number of rows per transaction (default: 1000, SQLite 100)', parseRows)
    .option('--dry-run', 'only print how many sessions would be deleted')
    .option('--quiet', 'print errors only')
    .addHelpText('after', EXIT_HELP)
    .action(async ({ store: url, ...options }: StoreArgument & ClearExpiredCommandOptions) => {
      const { clearExpired } = await import('./clear-expired.ts')
      done(await withStore(url, true, (store) => clearExpired(store, options)))
    })
  sojourn
    .command('migrate')
    .description('Creates the session table and its indexes if they do not exist.')
    .addOption(storeOption())
    .option('--dry-run', 'only print the statements and run none')
    .addHelpText('after', EXIT_HELP)
    .action(async ({ store: url, ...options }: StoreArgument & { readonly dryRun?: boolean }) => {
      const { migrate } = await import('./migrate.ts')
      done(await withStore(url, false, (store) => migrate(store, options)))
    })
  addCarryOver(sojourn, done)
  return sojourn
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
