import { ConfigError } from '../core/base/errors.ts'

/** What the command answers to the shell. Whoever asks for help is told the same. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  SIGINT: 130,
  SIGTERM: 143,
} as const

export const EXIT_HELP = `
Exit codes:
  0    done; also when there was nothing to do
  1    the store failed; what is done stays done, run it again to go on
  2    asked for wrongly: an option, the URL of the store, a file or a driver that is not there
  130  ended by SIGINT (Ctrl-C) after the batch under way; run it again to go on
  143  ended by SIGTERM in the same way`

/** The exit code of an error. */
export function exitCodeOf(error: unknown): number {
  return error instanceof ConfigError ? EXIT.usage : EXIT.failed
}
