import { spawnSync } from 'node:child_process'
import { aptInstall } from './own-server.ts'

/** A Python with Django and its database drivers. */
export interface Django {
  readonly python: string
  /** Such as `3.2.25`. */
  readonly version: string
  /** Whether it can read a session that expires at a date, which Django 4.1 introduced. */
  readonly readsDates: boolean
}

/**
 * Finds the Django of `DJANGO_PYTHON`, or Debian's, which is installed where that is possible.
 * Returns `undefined` when there is none.
 */
export function findDjango(): Django | undefined {
  const python = process.env['DJANGO_PYTHON'] ?? '/usr/bin/python3'
  const found = djangoOf(python)
  if (found !== undefined) return found
  aptInstall('python3-django', 'python3-psycopg2', 'python3-mysqldb')
  const installed = djangoOf(python)
  if (installed !== undefined) return installed
  if (process.env['CI'] !== undefined)
    throw new Error(
      'The tests with a live Django cannot run because Django is not installed. Run: apt-get install python3-django python3-psycopg2 python3-mysqldb',
    )
  console.warn(
    'The tests with a live Django are skipped because Django is not installed. Run: apt-get install python3-django python3-psycopg2 python3-mysqldb',
  )
  return undefined
}

function djangoOf(python: string): Django | undefined {
  const program = 'import django, psycopg2, MySQLdb; print(django.get_version())'
  const { status, stdout } = spawnSync(python, ['-c', program], { encoding: 'utf8' })
  if (status !== 0) return undefined
  const version = stdout.trim()
  return { python, version, readsDates: !/^(?:3|4\.0)\b/.test(version) }
}
