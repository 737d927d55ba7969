// Prints the size of the npm package and what each import path loads, and fails above a limit. Run
// by `npm run check:package`; needs `dist` (`npm run build`).
//
// What ships: `dist` with `.d.ts` files and source maps that contain the sources, and `schema`. Left
// out: `docs` with its pictures, `src`, and declaration maps, which would point to `src`. Measured
// before (with docs): 851 kB packed, 2.88 MB unpacked, 820 files. Of the alternatives without docs:
//   dist, sources inside the maps       431 kB packed, 1.55 MB unpacked, 300 files (this one)
//   dist and src, maps without sources  434 kB packed, 1.73 MB unpacked, 710 files
//   dist without maps                   185 kB packed, 0.64 MB unpacked, 256 files
// Without maps a stack trace of a user could not be read, and bundling removes the doc comments that
// the maps still show.
import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseSync } from 'rolldown/utils'
import manifest from '../package.json' with { type: 'json' }

interface Packed {
  readonly size: number
  readonly unpackedSize: number
  readonly entryCount: number
  readonly files: readonly { readonly path: string }[]
}

const LIMITS = { size: 1_000_000, unpackedSize: 3_600_000, entryCount: 640 } as const
const FOLDERS = ['dist', 'schema']

const root = join(import.meta.dirname, '..')
const [packed] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 }),
) as [Packed]

for (const [path, target] of Object.entries(manifest.exports)) {
  if (typeof target === 'string') continue
  const files = loadedFiles(join(root, target.default))
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0)
  console.log(`${path.replace('.', 'sojourn').padEnd(24)} ${String(files.length).padStart(3)} files ${kilobytes(bytes)}`)
}
console.log(`packed ${kilobytes(packed.size)}, unpacked ${kilobytes(packed.unpackedSize)}, ${packed.entryCount} files`)

const problems = Object.entries(LIMITS).flatMap(([name, limit]) => {
  const value = packed[name as keyof typeof LIMITS]
  return value > limit ? [`${name} is ${value}, the limit is ${limit}`] : []
})
const stray = packed.files.filter(({ path }) => path.includes('/') && !FOLDERS.some((folder) => path.startsWith(`${folder}/`)))
if (stray.length > 0) problems.push(`these files should not ship: ${stray.map(({ path }) => path).join(', ')}`)
if (!packed.files.some(({ path }) => path === 'dist/index.js')) problems.push('dist/index.js is missing: run npm run build')
if (problems.length > 0) throw new Error(`check-package-size: ${problems.join('; ')}`)

/** The files of this package that importing `entry` loads, without those of `import()`. */
function loadedFiles(entry: string): readonly string[] {
  const files = new Set([entry])
  for (const file of files) {
    const { module } = parseSync(file, readFileSync(file, 'utf8'))
    const requests = [
      ...module.staticImports.map(({ moduleRequest }) => moduleRequest),
      ...module.staticExports.flatMap(({ entries }) => entries.map(({ moduleRequest }) => moduleRequest)),
    ]
    for (const request of requests) if (request?.value.startsWith('.')) files.add(join(dirname(file), request.value))
  }
  return [...files]
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(0)} kB`.padStart(8)
}
