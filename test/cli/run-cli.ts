import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly outcome: Promise<Outcome>
  /** Return the output so far. */
  stdout(): string
  stderr(): string
}

const CLI = join(import.meta.dirname, '../../src/cli/sojourn.ts')

/** Starts the command as a child process whose output is piped. */
export function startCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  return start(process.execPath, [CLI, ...args], env)
}

/** Runs the command with this standard input, and waits for its end. */
export function runCli(args: readonly string[], env: Readonly<Record<string, string>> = {}, input?: string): Promise<Outcome> {
  return start(process.execPath, [CLI, ...args], env, input).outcome
}

/** Runs the command on a pseudo-terminal, where `input` is typed; its whole output is in `stdout`. */
export function runOnTerminal(args: readonly string[], env: Readonly<Record<string, string>> = {}, input?: string): Promise<Outcome> {
  return startOnTerminal(args, env, input).outcome
}

/**
 * Starts the command on a pseudo-terminal, of 200 columns or as many as the variable COLUMNS says.
 * With the input `null` its standard input stays open.
 */
export function startOnTerminal(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input: string | null | undefined = null,
): Running {
  const { COLUMNS = '200' } = env
  const command = [process.execPath, CLI, ...args].map((word) => `'${word}'`).join(' ')
  return start('script', ['-qec', `stty cols ${COLUMNS}; exec ${command}`, '/dev/null'], { ...env, TERM: 'xterm', COLUMNS }, input)
}

function start(program: string, args: readonly string[], env: Readonly<Record<string, string>>, input?: string | null): Running {
  const { SOJOURN_STORE: _, ...inherited } = process.env
  const child = spawn(program, args, { env: { ...inherited, ...env }, stdio: 'pipe' })
  child.stdin.on('error', () => undefined)
  if (input !== null) child.stdin.end(input)
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  const outcome = once(child, 'close').then(([code]) => ({ code: code as number | null, ...output }))
  return { child, outcome, stdout: () => output.stdout, stderr: () => output.stderr }
}
