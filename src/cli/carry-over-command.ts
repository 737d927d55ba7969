import { type Command, InvalidArgumentError, Option } from 'commander'
import type { CarryOverCommandOptions } from './carry-over.ts'
import { EXIT_HELP } from './exit-code.ts'

const EXAMPLE = `
The module exports the manager, and the old store:
  export const oldStore = new ConnectRedis({ client })
  export const auth = session({ secret, store: new RedisStore({ client }), carryOver: oldStore })
  export const sessions = auth.sessions
If the old store cannot list its sids, export a function \`sids\` that yields them.`

/** Adds `sojourn carry-over`. */
export function addCarryOver(sojourn: Command, done: (exitCode: number) => void): void {
  sojourn
    .command('carry-over')
    .description('Carries over the sessions that are left in the store of express-session. Safe while servers are running.')
    .addOption(new Option('--app <module>', 'the module of the application').env('SOJOURN_APP').makeOptionMandatory())
    .option('--rate <sessions>', 'maximum number of sessions per second', parseRate, 200)
    .option('--dry-run', 'only print how many sessions would be carried over')
    .option('--quiet', 'print errors only')
    .addHelpText('after', EXAMPLE)
    .addHelpText('after', EXIT_HELP)
    .action(async (options: CarryOverCommandOptions) => {
      const { carryOver } = await import('./carry-over.ts')
      done(await carryOver(options))
    })
}

function parseRate(text: string): number {
  const rate = Number(text)
  if (rate > 0 && rate <= 100_000) return rate
  throw new InvalidArgumentError('Give a number of sessions per second, from 1 to 100000.')
}
