import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem, type } from 'node:os'
import manifest from '../package.json' with { type: 'json' }
import { isPinned } from './cores.ts'
import type { RunEnvironment } from './results.ts'
import type { Plan } from './side-by-side.ts'

/** Returns everything that is needed to interpret the figures. */
export function runEnvironment({ rounds, seconds, connections }: Pick<Plan, 'rounds' | 'seconds' | 'connections'>): RunEnvironment {
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: outputOf('git', ['rev-parse', '--short', 'HEAD']),
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${osName()} (${type()} ${release()})`,
    node: process.version,
    seconds,
    rounds,
    connections,
    pinned: isPinned,
    polling: Number(outputOf('cat', ['/sys/module/haltpoll/parameters/guest_halt_poll_ns'])) > 0,
    versions: { ...manifest.dependencies, 'PostgreSQL (server)': postgresVersion(), 'Redis (server)': redisVersion(), wrk: wrkVersion() },
  }
}

function outputOf(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}

function osName(): string {
  return /PRETTY_NAME="(.*)"/.exec(outputOf('cat', ['/etc/os-release']))?.[1] ?? 'unknown'
}

function postgresVersion(): string {
  return /\d+\.\d+/.exec(outputOf('psql', ['--version']))?.[0] ?? 'unknown'
}

function redisVersion(): string {
  return /v=(\S+)/.exec(outputOf('redis-server', ['--version']))?.[1] ?? 'unknown'
}

/** `wrk -v` prints its version and exits with an error code. */
function wrkVersion(): string {
  return /\d+\.\d+\.\d+/.exec(outputOf('sh', ['-c', 'wrk -v; true']))?.[0] ?? 'unknown'
}
