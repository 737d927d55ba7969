import type { Admin, SessionFilter } from '../admin/admin.ts'
import { isConfirmed } from './confirm.ts'
import { EXIT } from './exit-code.ts'
import { formatSessions } from './output.ts'
import { type ChangeCommandOptions, countTargets, interruptible, type Target } from './revoke.ts'

const PAGE = 100
/** In how many sessions the property is deleted at the same time. */
const CONCURRENCY = 20

/** Deletes a property of one session, or of all that fulfil a filter. */
export async function deleteProperty(admin: Admin, name: string, target: Target, options: ChangeCommandOptions): Promise<number> {
  if ('handle' in target) return deleteOfOne(admin, name, target.handle, options)
  const filter = { ...target.filter, has: name }
  const sessions = await countTargets(admin, filter)
  if (options.dryRun === true) console.log(`The property would be deleted in ${formatSessions(sessions)}.`)
  else if (sessions === 0) console.error('Nothing to do: no session that fulfils the conditions has the property.')
  else {
    if (!(await isConfirmed(`Delete the property in ${formatSessions(sessions)}?`, options.yes === true))) return EXIT.no
    return interruptible({
      total: sessions,
      verb: 'changed',
      run: (signal, onProgress) => deleteOfAll(admin, name, filter, signal, onProgress),
      result: (deleted) => `The property was deleted in ${formatSessions(deleted)}.`,
    })
  }
  return EXIT.done
}

async function deleteOfOne(admin: Admin, name: string, handle: string, { dryRun = false }: ChangeCommandOptions): Promise<number> {
  const hasIt = async (): Promise<boolean> => (await admin.show(handle))?.properties.some((property) => property.name === name) === true
  const isDone = dryRun ? await hasIt() : await admin.deleteProperty(handle, name)
  if (!isDone) console.error('There is no session with this handle and this property.')
  else console.log(dryRun ? 'The property would be deleted.' : 'The property was deleted.')
  return isDone ? EXIT.done : EXIT.no
}

async function deleteOfAll(
  admin: Admin,
  name: string,
  filter: SessionFilter,
  signal: AbortSignal,
  onProgress: (deleted: number) => void,
): Promise<number> {
  let deleted = 0
  let cursor: string | undefined
  do {
    const page = await admin.list({ ...filter, limit: PAGE, cursor })
    for (let at = 0; at < page.sessions.length; at += CONCURRENCY) {
      const batch = page.sessions.slice(at, at + CONCURRENCY)
      const results = await Promise.allSettled(batch.map(({ handle }) => admin.deleteProperty(handle, name)))
      deleted += results.filter((result) => result.status === 'fulfilled' && result.value).length
      onProgress(deleted)
      for (const result of results) if (result.status === 'rejected') throw result.reason
    }
    cursor = page.cursor
  } while (cursor !== undefined && !signal.aborted)
  return deleted
}
