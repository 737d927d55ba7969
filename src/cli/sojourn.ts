#!/usr/bin/env node
import { CommanderError } from 'commander'
import { ConfigError } from '../core/base/errors.ts'
import { redactPasswords } from '../core/base/format.ts'
import { messageOf } from '../core/base/realms.ts'
import { EXIT, exitCodeFor } from './exit-code.ts'
import { withOperands } from './operands.ts'
import { printableLines } from './printable.ts'
import { createProgram } from './program.ts'

// `node:sqlite` prints an ExperimentalWarning on every use. Suppressed, because cron mails all
// output.
process.removeAllListeners('warning')
process.on('warning', ({ name, message }) => {
  if (name !== 'ExperimentalWarning') console.error(`${name}: ${redactPasswords(message)}`)
})

// If the reader of the output exits (`head`), the run continues without output.
for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined)

try {
  if (typeof Promise.withResolvers !== 'function') throw new ConfigError(`Node 22.13 or newer is needed, and this is ${process.version}.`)
  const program = createProgram((exitCode) => (process.exitCode = exitCode))
  if (/^complet(?:e|ion)$/.test(process.argv[2] ?? '')) {
    const { default: addCompletion } = await import('@bomb.sh/tab/commander')
    addCompletion(program, { completionCommandName: 'completion' })
  }
  await program.parseAsync(withOperands(process.argv))
  // The application's own connections may be open, and would keep the process alive.
  process.stdout.write('', () => process.exit())
} catch (error) {
  // Commander has already printed the error or the help.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage
  else {
    console.error(`sojourn: ${printableLines(redactPasswords(messageOf(error)))}`)
    process.exit(exitCodeFor(error)) // ends retries of a driver that did not reach its server
  }
}
