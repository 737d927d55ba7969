import { posix } from 'node:path'
import { parseSync } from 'rolldown/utils'
import { folders, layers, packages, types } from './import-rules.ts'

/** The sources to check: the text of each file by its path in `src`. */
export type Sources = ReadonlyMap<string, string>

interface Import {
  /** A path in `src`, or the name of a package or module. */
  readonly target: string
  readonly isRelative: boolean
  readonly isType: boolean
}

/** Every import that no rule allows, and every cycle of imports, as lines of text. */
export function findViolations(sources: Sources): string[] {
  const imports = new Map([...sources].map(([file, text]) => [file, importsOf(file, text)]))
  const forbidden = [...imports].flatMap(([file, each]) =>
    each.flatMap((one) => {
      const rule = one.isRelative ? forbiddenFile(file, one) : forbiddenPackage(file, one)
      return rule === undefined ? [] : [`${file} -> ${one.target}: ${rule}`]
    }),
  )
  return [...new Set(forbidden), ...findCycles(imports)]
}

const IMPORTING = new Set(['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration', 'ImportExpression', 'TSImportType'])

/** Every way to import: `import`, `export … from`, `import()`, and `import('…')` in a type. */
function importsOf(file: string, text: string): Import[] {
  const found: Import[] = []
  const { program, errors } = parseSync(file, text)
  if (errors.length > 0) throw new Error(`${file} cannot be parsed: ${errors[0]?.message}`)
  visit(program, (node) => {
    if (!IMPORTING.has(node.type) || node.source === null) return
    const isType = node.type === 'TSImportType' || node.importKind === 'type' || node.exportKind === 'type'
    if (node.source?.type !== 'Literal') found.push({ target: 'an expression', isRelative: false, isType })
    else found.push(resolve(file, String(node.source.value), isType))
  })
  return found
}

interface AnyNode {
  readonly type: string
  readonly source?: AnyNode | null
  readonly value?: unknown
  readonly importKind?: string
  readonly exportKind?: string
}

function visit(value: unknown, each: (node: AnyNode) => void): void {
  if (typeof value !== 'object' || value === null) return
  if ('type' in value && typeof value.type === 'string') each(value as AnyNode)
  for (const child of Object.values(value)) visit(child, each)
}

function resolve(file: string, specifier: string, isType: boolean): Import {
  const isRelative = specifier.startsWith('.')
  return { target: isRelative ? posix.join(posix.dirname(file), specifier) : specifier, isRelative, isType }
}

function forbiddenFile(file: string, { target, isType }: Import): string | undefined {
  const [from, to] = [layerOf(file), layerOf(target)]
  const allowed = layers[from]
  if (allowed === undefined) return `the layer ${from} is not in the table`
  if (from === to) return forbiddenFolder(file, target)
  if (allowed.includes(to) || allowed.includes(target) || (isType && typesFor(file).includes(to))) return undefined
  return `${from} imports from ${allowed.join(', ') || 'no layer'} only`
}

function forbiddenFolder(file: string, target: string): string | undefined {
  const table = folders[layerOf(file)]
  if (table === undefined) return undefined
  const [from, to] = [folderOf(file), folderOf(target)]
  const allowed = table[from]
  if (allowed === undefined) return `the folder ${layerOf(file)}/${from} is not in the table`
  return from === to || allowed.includes(to) ? undefined : `${layerOf(file)}/${from} imports from ${allowed.join(', ') || 'no folder'} only`
}

function forbiddenPackage(file: string, { target, isType }: Import): string | undefined {
  const allowed = Object.entries(packages).flatMap(([prefix, names]) => (file.startsWith(prefix) ? names : []))
  const matches = (name: string): boolean =>
    name === target || target.startsWith(`${name}/`) || (name === 'node:*' && target.startsWith('node:'))
  return [...allowed, ...(isType ? typesFor(file) : [])].some(matches) ? undefined : `may import the packages ${allowed.join(', ')} only`
}

function typesFor(file: string): string[] {
  return Object.entries(types).flatMap(([prefix, names]) => (file.startsWith(prefix) ? names : []))
}

function layerOf(file: string): string {
  return file === 'index.ts' ? 'index' : (file.split('/')[0] ?? '')
}

function folderOf(file: string): string {
  return (file.split('/')[1] ?? '').replace(/\.ts$/, '')
}

/** The files that import each other in a circle, directly or not; one line for each circle. */
function findCycles(imports: ReadonlyMap<string, readonly Import[]>): string[] {
  const reachable = new Map([...imports.keys()].map((file) => [file, reachableFrom(file, imports)]))
  const reaches = (from: string, to: string): boolean => reachable.get(from)?.has(to) === true
  const circles = [...imports.keys()]
    .filter((file) => reaches(file, file))
    .map((file) => [...imports.keys()].filter((other) => reaches(file, other) && reaches(other, file)).sort())
  return [...new Set(circles.map((files) => `cycle: ${files.join(' ')}`))]
}

function reachableFrom(start: string, imports: ReadonlyMap<string, readonly Import[]>): ReadonlySet<string> {
  const reached = new Set<string>()
  const queue = [start]
  for (let file = queue.pop(); file !== undefined; file = queue.pop())
    for (const { target } of imports.get(file) ?? []) {
      if (reached.has(target)) continue
      reached.add(target)
      queue.push(target)
    }
  return reached
}
