import { createInterface } from 'node:readline/promises'
import { ConfigError } from '../core/base/errors.ts'

/**
 * Asks before a change of many sessions. Without a terminal nothing can be asked, so `--yes` is
 * required.
 */
export async function isConfirmed(question: string, yes: boolean): Promise<boolean> {
  if (yes) return true
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new ConfigError(`${question} Pass --yes to confirm, because there is no terminal to ask on, or --dry-run to change nothing.`)
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const isYes = /^y(?:es)?$/i.test((await terminal.question(`${question} [y/N] `).catch(noAnswer)).trim())
    if (!isYes) console.error('Nothing was changed.')
    return isYes
  } finally {
    terminal.close()
  }
}

/** Ctrl-C and Ctrl-D reject the question with an `AbortError`. */
function noAnswer(error: unknown): string {
  if ((error as { readonly name?: unknown }).name !== 'AbortError') throw error
  console.error() // the question has no line break
  return ''
}
