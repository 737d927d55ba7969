import { describe, expect, inject, it } from 'vitest'
import { createSessions } from '../../../src/index.ts'
import { openStore } from '../../../src/stores/open.ts'
import { sampleEntry } from '../../../src/testing/sample.ts'
import { runCli, startCli } from '../../cli/run-cli.ts'
import { freshTable } from '../../services/fresh-table.ts'
import { newMysqlPool } from '../../services/mysql/mysql-pools.ts'
import { freePort } from '../../services/own-server.ts'
import { newPool, POSTGRES } from '../../services/postgres/postgres-pool.ts'

const PAST = Date.now() - 1000
const SQL = (['postgres', 'mysql'] as const).map((name) => ({ name, url: inject(name) ?? '' })).filter(({ url }) => url !== '')
const REDIS = inject('redis') ?? ''

/** Creates this many expired sessions and one that is not expired. */
async function storeWith(url: string, expired: number): Promise<string> {
  const store = await openStore(url)
  await store.create({ key: 'current', entry: sampleEntry() })
  await Promise.all(
    Array.from({ length: expired }, (_, n) => store.create({ key: `expired ${n}`, entry: sampleEntry({ expiresAt: PAST }) })),
  )
  await store.close?.()
  return url
}

/** Drops the indexes of a table, as a copy of it has none. */
async function dropIndexes(table: string, name: string): Promise<void> {
  if (name === 'postgres') await newPool().query(`DROP INDEX "${table}_expires_hour", "${table}_user_id"`)
  else await newMysqlPool().query(`ALTER TABLE \`${table}\` DROP INDEX \`expires_at\`, DROP INDEX \`user_id\``)
}

/** Returns the number of sessions, expired or not. */
async function countLeft(url: string): Promise<number> {
  const store = await openStore(url)
  const page = await store.list?.({ now: 0, limit: 10_000 })
  await store.close?.()
  return page?.entries.length ?? -1
}

describe.each(SQL)('sojourn on $name', ({ name, url }) => {
  it('migrates, counts, clears and exits', async () => {
    const store = { SOJOURN_STORE: `${url}?table=${freshTable()}` }
    expect((await runCli(['clear-expired'], store)).stdout).toBe('Nothing to clear: the table of the sessions does not exist yet.\n')
    const dry = await runCli(['migrate', '--dry-run'], store)
    expect(dry).toEqual({ code: 0, stderr: '', stdout: expect.stringContaining('CREATE TABLE IF NOT EXISTS') })
    expect((await runCli(['migrate'], store)).stderr).toBe('Done: the table and its indexes were created.\n')
    expect(await runCli(['migrate', '--dry-run'], store)).toEqual({
      code: 0,
      stdout: '',
      stderr: 'Nothing to do: the table and its indexes exist.\n',
    })
    await storeWith(store.SOJOURN_STORE, 25)
    expect((await runCli(['clear-expired', '--dry-run'], store)).stdout).toBe('25 expired sessions would be deleted.\n')
    const { code, stdout, stderr } = await runCli(['clear-expired', '--batch', '10'], store)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^25 expired sessions deleted/)
    expect(await countLeft(store.SOJOURN_STORE)).toBe(1)
  })

  it('creates a missing index, which the first use of a store does not', async () => {
    const table = freshTable()
    const store = { SOJOURN_STORE: `${url}?table=${table}` }
    await storeWith(store.SOJOURN_STORE, 3)
    await dropIndexes(table, name)
    await (await openStore(store.SOJOURN_STORE)).load({ key: 'current', now: 0 })
    const dry = await runCli(['migrate', '--dry-run'], store)
    expect(dry).toMatchObject({ code: 0, stderr: '' })
    expect(dry.stdout.match(/CREATE INDEX [^;]*;\n/g)).toHaveLength(2)
    const outcomes = await Promise.all([1, 2].map(() => runCli(['migrate'], store)))
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0])
    expect(outcomes.map(({ stderr }) => stderr)).toContain('Done: the missing indexes were created.\n')
    expect((await runCli(['migrate', '--dry-run'], store)).stdout).toBe('')
    expect((await runCli(['clear-expired'], store)).stdout).toMatch(/^3 expired sessions deleted/)
  })

  it('clears concurrently in two processes, each row once', async () => {
    const store = await storeWith(`${url}?table=${freshTable()}`, 200)
    const outcomes = await Promise.all([1, 2].map(() => runCli(['clear-expired', '--batch', '7', '--store', store])))
    expect(outcomes.map(({ code, stderr }) => ({ code, stderr }))).toEqual([1, 2].map(() => ({ code: 0, stderr: '' })))
    expect(outcomes.reduce((sum, { stdout }) => sum + Number.parseInt(stdout, 10), 0)).toBe(200)
    expect(await countLeft(store)).toBe(1)
  })

  it('reports in one line a server that is not available or refuses the login, and exits with 1', async () => {
    const unavailable = url.replace(/:\/\/.*/, `://someone:secret@127.0.0.1:${await freePort()}/d`)
    const refused = url.replace(/:\/\/[^/]*@/, '://nobody:secret@')
    for (const store of [unavailable, refused]) {
      const { code, stdout, stderr } = await runCli(['clear-expired', '--store', store])
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/^sojourn: The session store failed to clearExpired: .+\n$/)
      expect(stderr).not.toMatch(/secret|\n\s+at /)
    }
  })
})

describe.skipIf(POSTGRES === '')('sojourn clear-expired that is interrupted', () => {
  /** Starts a run whose first batch waits for a lock, until `release` is called. */
  async function startBlocked(): Promise<{ store: string; run: ReturnType<typeof startCli>; release(): Promise<void> }> {
    const table = freshTable()
    const store = await storeWith(`${POSTGRES}?table=${table}`, 100)
    const [pool, other] = [newPool(), await newPool().connect()]
    await other.query(`BEGIN; LOCK TABLE "${table}" IN EXCLUSIVE MODE`)
    const run = startCli(['clear-expired', '--batch', '10', '--store', store])
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%${table}%'`
    await expect.poll(async () => (await pool.query(waiting)).rowCount, { timeout: 20_000 }).toBe(1)
    const release = async (): Promise<void> => {
      await other.query('COMMIT')
      other.release()
    }
    return { store, run, release }
  }

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s ends after the batch under way, and goes on when it is run again', async (signal, exitCode) => {
    const { store, run, release } = await startBlocked()
    run.child.kill(signal)
    await expect.poll(run.stderr, { timeout: 20_000 }).toBe('Stopping after the current batch …\n')
    await release()
    const { code, stdout, stderr } = await run.outcome
    expect(code).toBe(exitCode)
    expect(stdout).toMatch(/^10 expired sessions deleted/)
    expect(stderr).toContain(`Stopped early by ${signal}; run the command again to continue.`)
    expect(await countLeft(store)).toBe(91)
    expect((await runCli(['clear-expired', '--store', store])).stdout).toMatch(/^90 expired sessions deleted/)
  })

  it('twice exits at once', async () => {
    const { store, run, release } = await startBlocked()
    run.child.kill('SIGINT')
    await expect.poll(run.stderr, { timeout: 20_000 }).toBe('Stopping after the current batch …\n')
    run.child.kill('SIGINT')
    expect((await run.outcome).code).toBe(130)
    await release()
    expect(await countLeft(store)).toBeGreaterThanOrEqual(91)
  })

  it('by a lost connection reports its progress and exits with 1', async () => {
    const { store, run, release } = await startBlocked()
    const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%${store.split('=')[1]}%'`
    await newPool().query(cut)
    const { code, stdout, stderr } = await run.outcome
    await release()
    expect(code).toBe(1)
    expect(stdout).toMatch(/^0 expired sessions deleted/)
    expect(stderr).toMatch(/^sojourn: The session store failed to clearExpired: .+\n$/)
  })
})

describe.skipIf(POSTGRES === '')('an index of PostgreSQL', () => {
  it('that is invalid, because its creation was interrupted, is created again', async () => {
    const [table, pool] = [freshTable(), newPool()]
    const store = { SOJOURN_STORE: `${POSTGRES}?table=${table}` }
    await storeWith(store.SOJOURN_STORE, 1)
    await pool.query(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = to_regclass('"${table}_user_id"')`)
    expect((await runCli(['migrate', '--dry-run'], store)).stdout).toContain(`DROP INDEX CONCURRENTLY IF EXISTS "${table}_user_id"`)
    expect((await runCli(['migrate'], store)).stderr).toBe('Done: the missing indexes were created.\n')
    expect((await runCli(['migrate', '--dry-run'], store)).stdout).toBe('')
  })
})

/** A new schema, and a role that may use it; the URLs of a table there for the owner and for the role. */
async function newRole() {
  const [pool, schema, role] = [newPool(), freshTable(), freshTable()]
  await pool.query(`CREATE SCHEMA "${schema}"; CREATE ROLE "${role}" LOGIN; GRANT USAGE ON SCHEMA "${schema}" TO "${role}"`)
  const urlOf = (user: string): string => `${POSTGRES.replace('postgres@', `${user}@`)}?table=${schema}.sessions`
  return { pool, schema, role, owners: urlOf('postgres'), theirs: urlOf(role) }
}

describe.skipIf(POSTGRES === '')('a role without the right to create', () => {
  it('works with a table that `sojourn migrate` created under another role, and gets an error without one', async () => {
    const { pool, schema, role, owners, theirs } = await newRole()
    const refused = await runCli(['migrate', '--store', theirs])
    expect(refused).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        `^sojourn: The session store failed to migrate: permission denied for schema ${schema}\\b.*\\bGrant\\b`,
      ),
    })
    expect((await runCli(['migrate', '--store', owners])).code).toBe(0)
    const unread = await runCli(['clear-expired', '--store', theirs])
    expect([unread.code, unread.stderr]).toEqual([1, expect.stringContaining('permission denied for table sessions')])
    await pool.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON "${schema}"."sessions" TO "${role}"`)
    await storeWith(theirs, 12)
    expect((await runCli(['migrate', '--store', theirs])).stderr).toMatch(/^Nothing to do/)
    expect((await runCli(['clear-expired', '--batch', '5', '--store', theirs])).stdout).toMatch(/^12 expired sessions deleted/)
    expect(await countLeft(theirs)).toBe(1)
  })
})

describe.skipIf(REDIS === '')('sojourn on redis', () => {
  it('has nothing to do and exits', async () => {
    const store = { SOJOURN_STORE: `${REDIS}?prefix=${freshTable()}:` }
    expect(await runCli(['migrate'], store)).toEqual({ code: 0, stdout: '', stderr: 'Nothing to do: this store needs no schema.\n' })
    expect(await runCli(['clear-expired'], store)).toEqual({
      code: 0,
      stdout: 'Nothing to clear: this store removes expired sessions by itself.\n',
      stderr: '',
    })
  })
})

describe.skipIf(POSTGRES === '')('a role that may only read', () => {
  it('lists, shows and counts, and gets an error in one line for a change', async () => {
    const { pool, schema, role, owners, theirs } = await newRole()
    const sessions = createSessions<any>({ store: await openStore(owners), clearExpired: false })
    const session = sessions.create()
    await session.set('cart', []).save()
    await sessions.close()
    await pool.query(`GRANT SELECT ON "${schema}"."sessions" TO "${role}"`)
    const handle = session.handle ?? ''
    for (const args of [['list'], ['show', handle], ['stats'], ['migrate'], ['revoke', '--all', '--dry-run']])
      expect([args, (await runCli([...args, '--store', theirs])).code]).toEqual([args, 0])
    for (const args of [
      ['revoke', handle],
      ['revoke', '--all', '--yes'],
      ['delete-property', 'cart', handle],
    ]) {
      const { code, stderr } = await runCli([...args, '--store', theirs])
      expect([code, stderr]).toEqual([1, expect.stringMatching(/^sojourn: .*permission denied for table sessions.*\n$/)])
    }
  })
})
