// Measures all candidates and writes the results to a file. `node bench/run.ts --help` lists the
// options.
import { writeFileSync } from 'node:fs'
import { SingleBar } from 'cli-progress'
import { Command } from 'commander'
import { CANDIDATES } from './candidates.ts'
import { measureGrowth } from './experiments/growth.ts'
import { measureImports } from './experiments/imports.ts'
import { measureMemory } from './experiments/memory.ts'
import { startDatabases } from './measure/databases.ts'
import { runEnvironment } from './measure/environment.ts'
import { requireWrk } from './measure/load.ts'
import type { CellResult, Experiments, Results } from './measure/results.ts'
import { countRounds, matching, type Plan, sideBySide } from './measure/side-by-side.ts'
import { type WorkloadName, workloadNames } from './workloads.ts'

const options = new Command('bench')
  .description('Measures sojourn, its peers and a hand-written server.')
  .option('--rounds <count>', 'number of rounds of each cell', Number, 7)
  .option('--seconds <seconds>', 'length of a round in whole seconds', Number, 1)
  .option('--connections <count>', 'number of connections of the load generator', Number, 64)
  .option('--only <pattern>', 'measures only candidates whose name matches, such as "express / .* / redis"', '')
  .option('--workloads <names>', 'measures only these workloads, such as W1,W3', workloadNames.join(','))
  .option('--largest <sessions>', 'size of the largest measured store, at least 1,000', Number, 1_000_000)
  .option('--no-experiments', 'skips the experiments: growth, memory and imports')
  .option('--profile <folder>', 'writes a CPU profile of every server into this folder')
  .option('--output <file>', 'file for the results', new URL('./results.json', import.meta.url).pathname)
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
// Exits, which stops the databases, on every signal that ends the process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
requireWrk()
const databases = await startDatabases()
const bar = new SingleBar({ format: '{bar} {value}/{total} {name}', hideCursor: true, noTTYOutput: true, notTTYSchedule: 30_000 })
bar.start(countRounds(plan), 0, { name: '' })
const cells: CellResult[] = []
try {
  const experiments = options.experiments ? await runExperiments() : NO_EXPERIMENT_RESULTS
  for await (const results of sideBySide(plan, databases.location, (name) => bar.increment(1, { name }))) {
    cells.push(...results)
    save(experiments) // saved after every workload, so an interrupted run keeps its results
  }
} finally {
  bar.stop()
  await databases.remove()
}

function save(experiments: Experiments): void {
  const results: Results = { environment: runEnvironment(plan), cells, experiments }
  writeFileSync(output, `${JSON.stringify(results, roundNumber)}\n`)
}

async function runExperiments(): Promise<Experiments> {
  const sizes = [1000, 10_000, 100_000, 1_000_000].filter((size) => size <= largest)
  return {
    imports: measureImports(),
    memory: await measureMemory(Math.min(100_000, largest)),
    growth: await measureGrowth(databases.location, sizes),
  }
}

/** Limits the digits to the precision of the measurement, so that the file stays short. */
function roundNumber(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(5)) : value
}
