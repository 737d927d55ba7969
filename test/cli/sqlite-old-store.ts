import { DatabaseSync } from 'node:sqlite'

type Callback = (error: unknown, result?: unknown) => void

/** A store for express-session that several processes can open. */
export class SqliteOldStore {
  readonly #database: DatabaseSync

  constructor(path: string) {
    this.#database = new DatabaseSync(path)
    this.#database.exec('CREATE TABLE IF NOT EXISTS old (sid TEXT PRIMARY KEY, row TEXT)')
  }

  get(sid: string, callback: Callback): void {
    const found = this.#database.prepare('SELECT row FROM old WHERE sid = ?').get(sid)
    callback(undefined, found && JSON.parse(String(found['row'])))
  }

  set(sid: string, row: object, callback: Callback): void {
    this.#database.prepare('REPLACE INTO old VALUES (?, ?)').run(sid, JSON.stringify(row))
    callback(undefined)
  }

  destroy(sid: string, callback: Callback): void {
    this.#database.prepare('DELETE FROM old WHERE sid = ?').run(sid)
    callback(undefined)
  }

  ids(callback: Callback): void {
    callback(undefined, [...this.each()])
  }

  *each(): Generator<string> {
    for (const { sid } of this.#database.prepare('SELECT sid FROM old ORDER BY sid').all()) yield String(sid)
  }

  close(): void {
    this.#database.close()
  }
}
