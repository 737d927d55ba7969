// The module of an application, for `sojourn carry-over`. FOLDER has the databases, and WITHOUT names
// what is not exported.
import { join } from 'node:path'
import session from '../../src/express-session/express-session.ts'
import { SqliteStore } from '../../src/stores/sqlite.ts'
import { SqliteOldStore } from '../cli/sqlite-old-store.ts'

const { FOLDER = '', WITHOUT = '' } = process.env
const store = new SqliteOldStore(join(FOLDER, 'old.db'))
const auth: ReturnType<typeof session> = session({ secret: 'secret', store: new SqliteStore(join(FOLDER, 'new.db')), carryOver: store })

export const sessions: typeof auth.sessions | undefined = WITHOUT === 'sessions' ? undefined : auth.sessions
export const oldStore: object = WITHOUT === 'ids' ? Object.assign(store, { ids: undefined }) : store
export const sids: unknown = WITHOUT === 'ids, but with sids' ? () => store.each() : undefined
