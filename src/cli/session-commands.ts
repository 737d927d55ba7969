import { type Command, InvalidArgumentError } from 'commander'
import type { SessionFilter } from '../admin/admin.ts'
import { type Duration, durationRemedy, milliseconds } from '../core/base/duration.ts'
import { EXIT_HELP } from './exit-code.ts'
import type { ListCommandOptions } from './list.ts'
import type { ChangeCommandOptions } from './revoke.ts'
import type { ShowCommandOptions } from './show.ts'
import { type SourceOptions, withSource, withSourceOptions } from './source.ts'

/** The conditions as commander parses them. */
interface FilterArguments {
  readonly user?: string
  readonly has?: string
  readonly olderThan?: Duration
  readonly idleFor?: Duration
}

type Done = (exitCode: number) => void

/** Adds the commands that list, show and change sessions. */
export function addSessionCommands(sojourn: Command, done: Done): void {
  addList(sojourn, done)
  addShow(sojourn, done)
  addRevoke(sojourn, done)
  addDeleteProperty(sojourn, done)
  addStats(sojourn, done)
}

function addList(sojourn: Command, done: Done): void {
  const command = sojourn
    .command('list')
    .description('Lists the sessions that have not ended, without their ids and values.')
    .option('--limit <sessions>', 'maximum number of sessions', parseLimit, 100)
    .option('--all', 'list every session, page by page')
    .option('--count', 'print only their number')
    .option('--json', 'one JSON object per line')
  withFilter(withSourceOptions(command))
    .addHelpText('after', EXIT_HELP)
    .action(async (options: SourceOptions & FilterArguments & ListCommandOptions) => {
      const { list } = await import('./list.ts')
      done(await withSource(options, READING, ({ admin }) => list(admin, filterOf(options), options)))
    })
}

function addShow(sojourn: Command, done: Done): void {
  const command = sojourn
    .command('show')
    .description('Shows one session and its properties. Values are masked.')
    .argument('<handle>', 'the handle of the session, from `sojourn list`')
    .option('--values', 'show values, except those of secret properties')
    .option('--json', 'print one JSON object')
  withSourceOptions(command)
    .addHelpText('after', EXIT_HELP)
    .action(async (handle: string, options: SourceOptions & ShowCommandOptions) => {
      const { show } = await import('./show.ts')
      // Only the application knows which properties are secret.
      const needs = options.values === true ? { ...READING, needsApp: 'show --values' } : READING
      done(await withSource(options, needs, ({ admin }) => show(admin, handle, options)))
    })
}

function addRevoke(sojourn: Command, done: Done): void {
  const command = sojourn
    .command('revoke')
    .description('Ends a session, or all that fulfil the conditions. Their requests cannot bring them back.')
    .argument('[handle]', 'the handle of one session')
  withFilter(withChangeOptions(withSourceOptions(command)))
    .addHelpText('after', EXIT_HELP)
    .action(async (handle: string | undefined, options: SourceOptions & FilterArguments & ChangeCommandOptions) => {
      const { revoke, targetOf } = await import('./revoke.ts')
      const target = targetOf(handle, filterOf(options), options)
      done(await withSource(options, READING, ({ admin }) => revoke(admin, target, options)))
    })
}

function addDeleteProperty(sojourn: Command, done: Done): void {
  const command = sojourn
    .command('delete-property')
    .description('Deletes a property of a session, or of all that fulfil the conditions.')
    .argument('<property>', 'the name of the property')
    .argument('[handle]', 'the handle of one session')
  withFilter(withChangeOptions(withSourceOptions(command)))
    .addHelpText('after', EXIT_HELP)
    .action(async (name: string, handle: string | undefined, options: SourceOptions & FilterArguments & ChangeCommandOptions) => {
      const [{ deleteProperty }, { targetOf }] = await Promise.all([import('./delete-property.ts'), import('./revoke.ts')])
      const target = targetOf(handle, filterOf(options), options)
      done(await withSource(options, READING, ({ admin }) => deleteProperty(admin, name, target, options)))
    })
}

function addStats(sojourn: Command, done: Done): void {
  const command = sojourn
    .command('stats')
    .description('Counts all sessions by size, age, property and user. Reads all of them, page by page.')
    .option('--json', 'print one JSON object')
  withSourceOptions(command)
    .addHelpText('after', EXIT_HELP)
    .action(async (options: SourceOptions & { readonly json?: boolean }) => {
      const { stats } = await import('./stats.ts')
      done(await withSource(options, READING, ({ admin }) => stats(admin, options)))
    })
}

/** A mistyped name of a SQLite file must not create one. */
const READING = { existing: true } as const

function withFilter(command: Command): Command {
  return command
    .option('--user <id>', 'only sessions of this user')
    .option('--has <property>', 'only sessions with this property')
    .option('--older-than <duration>', 'only sessions that started at least this long ago, such as 7d', parseDuration)
    .option('--idle-for <duration>', 'only sessions that were not used for at least this long, such as 12h', parseDuration)
}

function withChangeOptions(command: Command): Command {
  return command
    .option('--all', 'all sessions')
    .option('--dry-run', 'only print how many sessions would be changed')
    .option('--yes', 'do not ask before changing many sessions')
}

function filterOf({ user, has, olderThan, idleFor }: FilterArguments): SessionFilter {
  return {
    ...(user !== undefined && { user }),
    ...(has !== undefined && { has }),
    ...(olderThan !== undefined && { olderThan }),
    ...(idleFor !== undefined && { idleFor }),
  }
}

function parseDuration(text: string): Duration {
  if (milliseconds(text) !== undefined) return text as Duration
  throw new InvalidArgumentError(`${durationRemedy(text)}.`)
}

function parseLimit(text: string): number {
  const limit = Number(text)
  if (Number.isSafeInteger(limit) && limit >= 1) return limit
  throw new InvalidArgumentError('Give a whole number of sessions, at least 1.')
}
