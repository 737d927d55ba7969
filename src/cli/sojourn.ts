#!/usr/bin/env node
import { CommanderError } from 'commander'
import { redactPasswords } from '../core/base/format.ts'
import { EXIT, exitCodeOf } from './exit-code.ts'
import { program } from './program.ts'

// `node:sqlite` says on every use that it is experimental; in a cron job that is a mail every night.
process.removeAllListeners('warning')
process.on('warning', ({ name, message }) => {
  if (name !== 'ExperimentalWarning') console.error(`${name}: ${redactPasswords(message)}`)
})

// Whoever read the output has gone (`| head`): that ends the output, not a run that is half through.
for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined)

try {
  await program((exitCode) => (process.exitCode = exitCode)).parseAsync()
} catch (error) {
  // Commander has said what is wrong, or shown its help.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage
  else {
    console.error(`sojourn: ${redactPasswords(error instanceof Error ? error.message : String(error))}`)
    process.exit(exitCodeOf(error)) // a driver that has not found its server may go on looking for it
  }
}
