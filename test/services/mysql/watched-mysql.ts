import type { Pool } from 'mysql2/promise'
import type { MysqlPool, MysqlPoolConnection } from '../../../src/stores/mysql.ts'

/** A pool that records its statements. */
export interface WatchedMysql extends MysqlPool {
  /** The texts of the statements, in order. */
  readonly sent: string[]
}

/** Runs around each call of the library, and may delay or replace it. `text` is the statement. */
export type Around = <T>(work: () => Promise<T>, text: string | undefined) => Promise<T>

/** Returns a pool that calls `around` for each connection and each statement. */
export function watchedMysql(pool: Pool, around: Around = (work) => work()): WatchedMysql {
  const sent: string[] = []
  const carry = (text: string | undefined, call: (callback: Callback) => unknown, callback: Callback): void => {
    const work = (): Promise<unknown> =>
      new Promise((resolve, reject) => call((error, value) => (error === null ? resolve(value) : reject(error))))
    around(work, text).then(
      (value) => callback(null, value),
      (error: Error) => callback(error, undefined),
    )
  }
  const through = (connection: MysqlPoolConnection): MysqlPoolConnection => ({
    on: (event, listener) => connection.on(event, listener),
    removeListener: (event, listener) => connection.removeListener(event, listener),
    release: () => connection.release(),
    destroy: () => connection.destroy(),
    execute(options, values, callback) {
      sent.push(options.sql)
      carry(options.sql, (done) => connection.execute(options, values, done), callback)
    },
  })
  const getConnection = (callback: Callback): void =>
    carry(
      undefined,
      (done) => pool.pool.getConnection(done),
      (error, connection) => callback(error, error === null ? through(connection) : connection),
    )
  return { sent, getConnection }
}

type Callback = (error: Error | null, value: any) => void
