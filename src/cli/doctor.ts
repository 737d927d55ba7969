import type { Admin, Finding } from '../admin/admin.ts'
import { EXIT } from './exit-code.ts'
import { printJson } from './output.ts'
import { printable } from './printable.ts'

/** The options of `sojourn doctor`, except those of the source. */
export interface DoctorCommandOptions {
  readonly url?: string
  readonly json?: boolean
}

const MARKS: Readonly<Record<Finding['level'], string>> = { ok: 'ok      ', warning: 'WARNING ', error: 'ERROR   ', skipped: 'skipped ' }

/** Prints the findings of all checks. */
export async function doctor(admin: Admin, version: string, { url, json = false }: DoctorCommandOptions): Promise<number> {
  const findings = await admin.doctor(url === undefined ? {} : { url })
  if (json) for (const finding of findings) printJson(finding)
  else {
    console.log(`ok       sojourn    ${version}`)
    for (const finding of findings) print(finding)
  }
  return findings.some(({ level }) => level === 'error') ? EXIT.no : EXIT.done
}

function print({ check, level, message, remedy }: Finding): void {
  console.log(`${MARKS[level]} ${check.padEnd(10)} ${printable(message)}`)
  if (remedy !== '') console.log(`${' '.repeat(20)}${printable(remedy)}`)
}
