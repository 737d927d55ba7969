import { ConfigError } from '../core/base/errors.ts'

/** The exit codes of the command, as documented in its help. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  no: 3,
  SIGINT: 130,
  SIGTERM: 143,
} as const

export const EXIT_HELP = `
Exit codes:
  0    success, also if there was nothing to do
  1    the store failed; completed batches stay deleted, run the command again to continue
  2    invalid usage: an option, the URL of the store, a missing file or a missing driver
  3    the answer is no: there is no such session or property, explain found no session, doctor found
       an error, or a change was not confirmed
  130  stopped by SIGINT (Ctrl-C) after the current batch; run the command again to continue
  143  stopped by SIGTERM in the same way`

/** The exit code for an error. */
export function exitCodeFor(error: unknown): number {
  return error instanceof ConfigError ? EXIT.usage : EXIT.failed
}
