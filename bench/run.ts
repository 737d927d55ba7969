// Measures everything and writes the results to a file. `node bench/run.ts --help` tells the options.
import { writeFileSync } from 'node:fs'
import { SingleBar } from 'cli-progress'
import { Command } from 'commander'
import { CANDIDATES } from './candidates.ts'
import { measureImports } from './experiments/imports.ts'
import { measureGrowth } from './experiments/growth.ts'
import { measureMemory } from './experiments/memory.ts'
import { runEnvironment } from './measure/environment.ts'
import { startDatabases } from './measure/databases.ts'
import { requireWrk } from './measure/load.ts'
import type { Experiments, Results, CellResult } from './measure/results.ts'
import { countRounds, matching, type Plan, sideBySide } from './measure/side-by-side.ts'
import { type WorkloadName, workloadNames } from './workloads.ts'

const options = new Command('bench')
  .description('Measures sojourn beside its peers and beside a server written by hand.')
  .option('--rounds <count>', 'rounds of each cell', Number, 7)
  .option('--seconds <seconds>', 'length of a round, whole seconds', Number, 1)
  .option('--connections <count>', 'connections of the load generator', Number, 64)
  .option('--only <pattern>', 'only candidates whose name matches, such as "express / .* / redis"', '')
  .option('--workloads <names>', 'only these, such as W1,W3', workloadNames.join(','))
  .option('--largest <sessions>', 'the largest store that is measured, 1,000 or more', Number, 1_000_000)
  .option('--no-experiments', 'leave out growth, weight and imports')
  .option('--profile <folder>', 'write a CPU profile of every server there')
  .option('--output <file>', 'where the results go', new URL('./results.json', import.meta.url).pathname)
  .parse()
  .opts<{
    rounds: number
    seconds: number
    connections: number
    only: string
    workloads: string
    largest: number
    experiments: boolean
    profile?: string
    output: string
  }>()

const NO_EXPERIMENT_RESULTS: Experiments = { growth: [], memory: [], imports: [] }

const { rounds, seconds, connections, only, largest, profile, output } = options
const plan: Plan = {
  candidates: matching(CANDIDATES, new RegExp(only)),
  workloads: options.workloads.split(',') as WorkloadName[],
  rounds,
  seconds,
  connections,
  nodeOptions: profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`],
}
// The databases end with this process, however it ends.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
requireWrk()
const databases = await startDatabases()
const bar = new SingleBar({ format: '{bar} {value}/{total} {name}', hideCursor: true, noTTYOutput: true, notTTYSchedule: 30_000 })
bar.start(countRounds(plan), 0, { name: '' })
const cells: CellResult[] = []
try {
  const experiments = options.experiments ? await runExperiments() : NO_EXPERIMENT_RESULTS
  for await (const measured of sideBySide(plan, databases.place, (name) => bar.increment(1, { name }))) {
    cells.push(...measured)
    save(experiments) // what was measured until here is there, whatever ends the run
  }
} finally {
  bar.stop()
  await databases.remove()
}

function save(experiments: Experiments): void {
  const measured: Results = { environment: runEnvironment(plan), cells, experiments }
  writeFileSync(output, `${JSON.stringify(measured, roundNumber)}\n`)
}

async function runExperiments(): Promise<Experiments> {
  const sizes = [1000, 10_000, 100_000, 1_000_000].filter((size) => size <= largest)
  return { imports: measureImports(), memory: await measureMemory(Math.min(100_000, largest)), growth: await measureGrowth(databases.place, sizes) }
}

/** More digits than were measured would only make the file long. */
function roundNumber(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(5)) : value
}
