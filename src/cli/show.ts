import type { Admin, PropertyInfo, SessionDetails } from '../admin/admin.ts'
import { EXIT } from './exit-code.ts'
import { formatSize, formatStored, formatTime, printJson, printTable, toJsonValue } from './output.ts'

/** The options of `sojourn show`, except those of the source. */
export interface ShowCommandOptions {
  readonly values?: boolean
  readonly json?: boolean
}

/** Prints one session. */
export async function show(admin: Admin, handle: string, { values = false, json = false }: ShowCommandOptions): Promise<number> {
  const session = await admin.show(handle, { values })
  if (session === undefined) {
    console.error('There is no session with this handle.')
    return EXIT.no
  }
  if (json) printJson({ ...session, properties: session.properties.map(toJsonProperty) })
  else await printSession(session)
  return EXIT.done
}

function toJsonProperty(property: PropertyInfo): PropertyInfo {
  return 'value' in property ? { ...property, value: toJsonValue(property.value) } : property
}

/** Prints a session as two tables. */
export async function printSession(session: SessionDetails): Promise<void> {
  const { handle, userId, createdAt, seenAt, expiresAt, idCreatedAt, size, writes, receipts, version } = session
  await printTable(
    ['session', ''],
    [
      ['handle', handle],
      ['user', userId ?? 'none'],
      ['started', formatTime(createdAt)],
      ['last used', formatTime(seenAt)],
      ['expires', `${formatTime(expiresAt)}${session.endsWithBrowser ? ', or when the browser is closed' : ''}`],
      ['id since', formatTime(idCreatedAt)],
      ['size', formatSize(size)],
      ['writes', `${writes}, ${receipts} receipts, version ${version}`],
    ],
  )
  if (!session.isReadable) console.error('The properties cannot be read with the options of this manager.')
  else if (session.properties.length > 0) await printTable(['property', 'size', 'class', 'kind', 'value'], session.properties.map(toCells))
}

function toCells(property: PropertyInfo): string[] {
  const { name, size, kind = '' } = property
  return [name, formatSize(size), property.class ?? '', kind, 'value' in property ? formatStored(property.value) : '••••']
}
