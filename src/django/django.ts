export type { MysqlPool, MysqlPoolConnection, MysqlPromisePool } from '../stores/mysql/mysql-client.ts'
export type { PgPool, PgPoolClient, PostgresJs } from '../stores/postgres/postgres-client.ts'
export type { SqliteDatabase, SqliteStatement } from '../stores/sqlite/sqlite-database.ts'
export {
  type DjangoUser,
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
export type { DjangoCookieOptions } from './sessions/django-cookie.ts'
export type { DjangoDatabase, DjangoOptions } from './sessions/django-options.ts'
export { djangoSessions } from './sessions/django-sessions.ts'
