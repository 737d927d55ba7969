export type { MysqlPool, MysqlPoolConnection, MysqlPromisePool } from '../stores/mysql/mysql-client.ts'
export type { PgPool, PgPoolClient, PostgresJs } from '../stores/postgres/pg-types.ts'
export type { SqliteDatabase, SqliteStatement } from '../stores/sqlite/sqlite-database.ts'
export { type HmacAlgorithm, saltedHmac } from '../wire/django-signing.ts'
export type { DjangoUser, SessionAuthHash } from './format/auth-hashes.ts'
export {
  type DjangoLoginOptions,
  type DjangoUserOptions,
  deleteTestCookie,
  djangoLogin,
  djangoLogout,
  djangoUser,
  setTestCookie,
  testCookieWorked,
  updateDjangoAuthHash,
} from './login/django-login.ts'
export { addDjangoMessage, type DjangoMessage, djangoLevels, djangoMessages } from './login/django-messages.ts'
export { deleteDjangoProperty, djangoProperty } from './login/django-properties.ts'
export type { DjangoCookieOptions } from './sessions/django-cookie.ts'
export type { DjangoDatabase, DjangoOptions } from './sessions/django-options.ts'
export { djangoSessions } from './sessions/django-sessions.ts'
export type { DjangoColumn, DjangoColumns, DjangoColumnValue, DjangoData } from './stores/django-columns.ts'
