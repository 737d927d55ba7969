import { hostname, userInfo } from 'node:os'
import { type Command, Option } from 'commander'
import { type Admin, createAdmin } from '../admin/admin.ts'
import { ConfigError } from '../core/base/errors.ts'
import { formatValue } from '../core/base/format.ts'
import { adminPortOf } from '../core/manager/admin-port.ts'
import { createSessions, isSessions, type Sessions } from '../core/manager/sessions.ts'
import type { Store } from '../core/store/store.ts'
import { importAppModule } from './app-module.ts'
import { storeOption, withStore } from './store-option.ts'

/** The options of every command that name the sessions. */
export interface SourceOptions {
  readonly store?: string
  readonly app?: string
  readonly operator?: string
}

/** The sessions that a command works on. */
export interface Source {
  readonly admin: Admin
  readonly store: Store
}

/** What a command needs of its source. */
export interface SourceNeeds {
  /** A missing SQLite file is an error, instead of being created. */
  readonly existing: boolean
  /** The name of a command that needs the options of the application, which a URL does not have. */
  readonly needsApp?: string
}

/** Adds the options that name the sessions. */
export function withSourceOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--app <module>', 'the module of the application that exports the manager, as `sessions` or default').env('SOJOURN_APP'),
    )
    .addOption(storeOption())
    .hook('preAction', preferExplicitStore)
    .addOption(new Option('--operator <name>', 'the name in the audit event of a change (default: user@host)').env('SOJOURN_OPERATOR'))
}

/** `--store` on the command line takes precedence over the variable SOJOURN_APP. */
function preferExplicitStore(_: Command, command: Command): void {
  if (command.getOptionValueSource('store') === 'cli' && command.getOptionValueSource('app') === 'env')
    command.setOptionValue('app', undefined)
}

/** Opens the sessions, passes them to `work`, and closes them in every case. */
export async function withSource<T>(options: SourceOptions, needs: SourceNeeds, work: (source: Source) => Promise<T>): Promise<T> {
  const operator = options.operator ?? `${userName()}@${hostname()}`
  if (options.app !== undefined && options.app !== '') return withApp(options.app, operator, work)
  if (needs.needsApp !== undefined)
    throw new ConfigError(
      `\`${needs.needsApp}\` needs the options of the application, such as \`cookie\`, \`idle\` and \`properties\`. Pass the module that exports the manager: --app ./sessions.js`,
    )
  return withStore(options.store, needs.existing, async (store) => {
    const sessions = createSessions({ store, clearExpired: false })
    return work({ admin: createAdmin({ sessions, operator }), store })
  })
}

/** A process of a container may run as a user without a name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}

async function withApp<T>(path: string, operator: string, work: (source: Source) => Promise<T>): Promise<T> {
  const sessions = await loadManager(path)
  const port = adminPortOf(sessions)
  try {
    const admin = createAdmin({ sessions, operator })
    if (port === undefined) throw new ConfigError(`${path}: the manager is of another version of sojourn.`)
    return await work({ admin, store: port.options.store })
  } finally {
    await sessions.close()
  }
}

/** The manager of the application. Throws `ConfigError` if its module exports none. */
async function loadManager(path: string): Promise<Sessions> {
  const module = await importAppModule(path)
  const sessions = [module.sessions, module.default].find((value) => isSessions(value))
  if (isSessions(sessions)) return sessions
  throw new ConfigError(
    `--app ${formatValue(path)} exports no manager. Export what createSessions() or djangoSessions() returned as \`sessions\` or as default: export const sessions = createSessions({ … })`,
  )
}
