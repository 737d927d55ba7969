// A database that refuses writes, for applications that were bundled: triggers of SQLite do it.
import { DatabaseSync } from 'node:sqlite'

/** What the database says. No visitor may see it. */
export const DATABASE_MESSAGE = 'disk full at db.internal'

const WRITES = ['INSERT', 'UPDATE', 'DELETE']

/** Refuses every write of a `SqliteStore` while `act` runs. */
export async function whileWritesFail<T>(file: string, act: () => Promise<T>): Promise<T> {
  execute(
    file,
    WRITES.map(
      (write) => `CREATE TRIGGER refuse_${write} BEFORE ${write} ON sessions BEGIN SELECT RAISE(ABORT, '${DATABASE_MESSAGE}'); END`,
    ),
  )
  try {
    return await act()
  } finally {
    execute(
      file,
      WRITES.map((write) => `DROP TRIGGER refuse_${write}`),
    )
  }
}

function execute(file: string, statements: readonly string[]): void {
  const database = new DatabaseSync(file, { timeout: 5000 })
  database.exec(statements.join(';'))
  database.close()
}
