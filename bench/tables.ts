// Prints the tables of a run, and writes them into docs/performance.md between their markers, with
// the charts next to it.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { isBare } from './candidates.ts'
import type { Results } from './measure/results.ts'
import { cpuChart, growthChart } from './report/charts.ts'
import { growthTable, importsTable, memoryTable } from './report/experiment-tables.ts'
import { Figures } from './report/figures.ts'
import {
  bytesTable,
  environmentText,
  extraTable,
  operationsTable,
  summary,
  targetsTable,
  throughputTable,
  workloadsTable,
} from './report/tables.ts'
import { checkTargets } from './report/verdicts.ts'

const DOCS = join(import.meta.dirname, '../docs')

const { input, write } = new Command('tables')
  .description('Prints the tables of a run.')
  .option('--input <file>', 'file with the results of the run', join(import.meta.dirname, 'results.json'))
  .option('--no-write', 'does not write docs/performance.md and its charts')
  .parse()
  .opts<{ input: string; write: boolean }>()

const { environment, cells, experiments } = JSON.parse(readFileSync(input, 'utf8')) as Results
const figures = new Figures(cells)
const verdicts = checkTargets(figures)

const tables: Readonly<Record<string, string>> = {
  workloads: workloadsTable(),
  environment: environmentText(environment),
  summary: summary(verdicts),
  extra: extraTable(figures),
  targets: targetsTable(verdicts),
  operations: operationsTable(figures),
  throughput: throughputTable(figures),
  bytes: bytesTable(figures),
  growth: growthTable(experiments.growth),
  memory: memoryTable(experiments.memory),
  imports: importsTable(experiments.imports),
}
for (const [name, text] of Object.entries(tables)) console.log(`\n## ${name}\n\n${text}`)

if (write) {
  writeTables(tables)
  const onExpress = await cpuChart(
    figures,
    'CPU over bare Express, µs per request',
    (candidate) => candidate.framework === 'express' && !isBare(candidate) && candidate.library !== 'sojourn lazy',
    ['W1', 'W2', 'W3', 'W6'],
  )
  const onNode = await cpuChart(
    figures,
    'CPU over bare Node, µs per request',
    ({ framework, library, store }) =>
      framework === 'node' && store !== 'sqlite-full' && (library === 'sojourn' || library === 'hand-written'),
    ['W1', 'W3', 'W5', 'W6'],
  )
  writeFileSync(join(DOCS, 'performance-express.svg'), `${onExpress}\n`)
  writeFileSync(join(DOCS, 'performance-floor.svg'), `${onNode}\n`)
  writeFileSync(join(DOCS, 'performance-growth.svg'), `${await growthChart(experiments.growth)}\n`)
}

/** Writes each table between its markers, `<!-- bench extra -->` and `<!-- /bench extra -->`. */
function writeTables(given: Readonly<Record<string, string>>): void {
  const file = join(DOCS, 'performance.md')
  let document = readFileSync(file, 'utf8')
  for (const [name, text] of Object.entries(given)) {
    const markers = new RegExp(`(<!-- bench ${name} -->\\n)[^]*?(<!-- /bench ${name} -->)`)
    if (!markers.test(document)) throw new Error(`docs/performance.md has no markers <!-- bench ${name} --> for this table. Add them.`)
    document = document.replace(markers, (_, open: string, close: string) => `${open}\n${text}\n\n${close}`)
  }
  writeFileSync(file, document)
}
