import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem, type } from 'node:os'
import manifest from '../package.json' with { type: 'json' }
import { isPinned } from './cores.ts'
import type { Circumstances } from './results.ts'
import type { Plan } from './side-by-side.ts'

/** What somebody has to know to make sense of the figures. */
export function circumstances({ rounds, seconds, connections }: Pick<Plan, 'rounds' | 'seconds' | 'connections'>): Circumstances {
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: said('git', ['rev-parse', '--short', 'HEAD']),
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${distribution()} (${type()} ${release()})`,
    node: process.version,
    seconds,
    rounds,
    connections,
    pinned: isPinned,
    polling: Number(said('cat', ['/sys/module/haltpoll/parameters/guest_halt_poll_ns'])) > 0,
    versions: { ...manifest.dependencies, 'PostgreSQL (server)': postgres(), 'Redis (server)': redis(), wrk: wrk() },
  }
}

function said(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}

function distribution(): string {
  return /PRETTY_NAME="(.*)"/.exec(said('cat', ['/etc/os-release']))?.[1] ?? 'unknown'
}

function postgres(): string {
  return /\d+\.\d+/.exec(said('psql', ['--version']))?.[0] ?? 'unknown'
}

function redis(): string {
  return /v=(\S+)/.exec(said('redis-server', ['--version']))?.[1] ?? 'unknown'
}

/** It tells its version as an error. */
function wrk(): string {
  return /\d+\.\d+\.\d+/.exec(said('sh', ['-c', 'wrk -v; true']))?.[0] ?? 'unknown'
}
