import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { redactPasswords } from '../core/base/format.ts'
import type { ClearExpiredCommand } from './clear-expired.ts'
import { EXIT_HELP } from './exit-code.ts'
import { storeOption, withStore } from './store-option.ts'

interface StoreGiven {
  readonly store?: string
}

/** The command line. An action answers its exit code to `done`. */
export function program(done: (exitCode: number) => void): Command {
  const sojourn = new Command('sojourn')
    .description('Looks after the store of the sessions.')
    .version(version())
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(redactPasswords(text)) })
    .addHelpText('after', EXIT_HELP)
  sojourn
    .command('clear-expired')
    .description('Deletes expired sessions, in batches: beside a running server, anywhere, any number of times at once.')
    .addOption(storeOption())
    .option('--batch <rows>', 'the most rows of one transaction (default: 1000, SQLite 100)', rows)
    .option('--dry-run', 'only tell how many there are')
    .option('--quiet', 'speak only of what went wrong')
    .addHelpText('after', EXIT_HELP)
    .action(async ({ store: url, ...options }: StoreGiven & ClearExpiredCommand) => {
      const { clearExpired } = await import('./clear-expired.ts')
      done(await withStore(url, true, (store) => clearExpired(store, options)))
    })
  sojourn
    .command('migrate')
    .description('Creates the table of the sessions and its indexes, where they are missing.')
    .addOption(storeOption())
    .option('--dry-run', 'only print the statements, and run none')
    .addHelpText('after', EXIT_HELP)
    .action(async ({ store: url, ...options }: StoreGiven & { readonly dryRun?: boolean }) => {
      const { migrate } = await import('./migrate.ts')
      done(await withStore(url, false, (store) => migrate(store, options)))
    })
  return sojourn
}

function rows(given: string): number {
  const count = Number(given)
  if (Number.isSafeInteger(count) && count >= 1 && count <= 1_000_000) return count
  throw new InvalidArgumentError('Give a whole number of rows, from 1 to 1000000.')
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { readonly version: string }).version
}
