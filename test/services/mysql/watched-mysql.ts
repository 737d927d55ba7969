import type { Pool } from 'mysql2/promise'
import type { MysqlPool, MysqlPoolConnection } from '../../../src/stores/mysql.ts'

/** A pool that tells what was sent through it. */
export interface WatchedMysql extends MysqlPool {
  /** The texts of the statements, in order. */
  readonly sent: string[]
}

/** What may be done around a piece of work of the library's. */
export type Around = <T>(work: () => Promise<T>, text: string | undefined) => Promise<T>

/** `around` does whatever is to be done: it asks for a connection, or sends a statement, of which it has the text. It may do otherwise. */
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
      carry(options.sql, (told) => connection.execute(options, values, told), callback)
    },
  })
  const getConnection = (callback: Callback): void =>
    carry(
      undefined,
      (told) => pool.pool.getConnection(told),
      (error, connection) => callback(error, error === null ? through(connection) : connection),
    )
  return { sent, getConnection }
}

type Callback = (error: Error | null, value: any) => void
