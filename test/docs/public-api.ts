import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { API, type Checker, type Symbol as Declared, type Project, SymbolFlags } from 'typescript/unstable/sync'
import { ROOT } from './examples.ts'

/** A name that users can import, or a member of it. */
export interface Public {
  /** For example `Session` or `Session.get`. */
  readonly name: string
  readonly comment: string
}

export interface PublicApi {
  readonly names: readonly Public[]
  /** The members, with their comments or those of the types they belong to or come from. */
  readonly members: readonly Public[]
}

/** The projects of the sources, of which each has other entry points. */
const PROJECTS = ['tsconfig.build.json', 'src/express-session/tsconfig.json']

/** Returns everything that the entry points of package.json export, with its comments. */
export function publicApi(): PublicApi {
  const api = new API({ cwd: ROOT })
  try {
    const projects = api.updateSnapshot({ openProjects: PROJECTS.map((path) => join(ROOT, path)) }).getProjects()
    const parts = projects.map((project) =>
      publicNames(
        project,
        entryModules().filter((module) => declares(project, module)),
      ),
    )
    return { names: parts.flatMap(({ names }) => names), members: parts.flatMap(({ members }) => members) }
  } finally {
    api.close()
  }
}

function publicNames(project: Project, modules: readonly string[]): PublicApi {
  const { checker } = project
  const exported = [...new Map(modules.flatMap((module) => exportsOf(project, module)))]
  const symbols = exported.map(([, symbol]) => symbol)
  return {
    names: exported.map(([name, symbol]) => ({ name, comment: checker.getDocumentationCommentOfSymbol(symbol) })),
    members: exported.flatMap(([name, symbol]) => membersOf(checker, name, symbol, symbols)),
  }
}

/** Whether the project compiles the module. The entry point of a project is compiled by this one only. */
function declares({ program }: Project, module: string): boolean {
  return program.getSourceFile(join(ROOT, module)) !== undefined
}

function entryModules(): string[] {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { types: string }>
  }
  return Object.values(exports)
    .filter((target) => typeof target !== 'string')
    .map(({ types }) => types.replace('./dist/', 'src/').replace('.d.ts', '.ts'))
}

/** Returns the exports of a module, with the module as part of their names. */
function exportsOf({ checker, program }: Project, module: string): [string, Declared][] {
  const file = program.getSourceFile(join(ROOT, module))
  const symbol = file === undefined ? undefined : checker.getSymbolAtLocation(file)
  if (symbol === undefined) throw new Error(`${module} exports nothing`)
  return checker.getExportsOfModule(symbol).map((exported) => {
    const declared = exported.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
    return [`${module} ${exported.name}`, declared]
  })
}

function membersOf(checker: Checker, name: string, symbol: Declared, all: readonly Declared[]): Public[] {
  if (!(symbol.flags & (SymbolFlags.Class | SymbolFlags.Interface | SymbolFlags.TypeAlias))) return []
  const type = checker.getDeclaredTypeOfSymbol(symbol)
  const related = all.filter(
    (other) => other !== symbol && isKind(other) && checker.isTypeAssignableTo(type, checker.getDeclaredTypeOfSymbol(other)),
  )
  return checker
    .getPropertiesOfType(type)
    .filter((member) => isPublic(member) && isOurs(member))
    .map((member) => ({
      name: `${name}.${member.name}`,
      comment: [symbol, ...related].map((owner) => commentOf(checker, owner, member.name)).join(''),
    }))
}

function isKind({ flags }: Declared): boolean {
  return (flags & (SymbolFlags.Class | SymbolFlags.Interface)) !== 0
}

/** Returns the comment of a member: at the member, or in the comment of its type. */
function commentOf(checker: Checker, type: Declared, name: string): string {
  const member = checker.getPropertyOfType(checker.getDeclaredTypeOfSymbol(type), name)
  const comment = member === undefined ? '' : checker.getDocumentationCommentOfSymbol(member)
  const all = checker.getDocumentationCommentOfSymbol(type)
  return comment === '' && all.includes(`\`${name}\``) ? all : comment
}

function isPublic({ name }: Declared): boolean {
  return !name.includes('#') && !name.startsWith('__@')
}

function isOurs({ declarations }: Declared): boolean {
  return declarations.some(({ path }) => path.includes('/src/'))
}
