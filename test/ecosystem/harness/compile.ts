import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** The folder whose packages the projects use. */
const ROOT = join(import.meta.dirname, '../typescript/node_modules')

export interface Project {
  readonly name: string
  readonly files: Readonly<Record<string, string>>
  /** Compiler options, in addition to those of every project. */
  readonly options?: object
  /** The kind of module of the project's files. Default `module`. */
  readonly type?: 'module' | 'commonjs'
}

const OPTIONS = {
  target: 'es2024',
  lib: ['es2024', 'dom', 'dom.iterable'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  noEmit: true,
}

/** How imports are resolved. */
export const RESOLUTIONS: Readonly<Record<string, object>> = {
  nodenext: { module: 'nodenext' },
  bundler: { module: 'preserve', moduleResolution: 'bundler' },
}

/**
 * Compiles every project alone, with the TypeScript of one package, in one process. Resolves to the
 * errors of each project, in the order of `projects`. Errors in declarations of this package belong
 * to every project.
 */
export async function compile(typescript: string, projects: readonly Project[]): Promise<readonly (readonly string[])[]> {
  const folder = await mkdtemp(join(ROOT, '.projects-'))
  try {
    await Promise.all(projects.map((project, index) => writeProject(join(folder, String(index)), project)))
    const tsc = join(ROOT, typescript, 'bin/tsc')
    const output = await run([tsc, '--build', '--pretty', 'false', ...projects.map((_, index) => String(index))], folder)
    const declarations = output.filter((line) => line.startsWith('../sojourn/'))
    return projects.map((_, index) => [
      ...output.filter((line) => line.startsWith(`${index}/`)).map((line) => line.slice(`${index}/`.length)),
      ...declarations,
    ])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function writeProject(folder: string, { files, options, type = 'module' }: Project): Promise<void> {
  const compilerOptions = { ...OPTIONS, ...options }
  const all = {
    'package.json': JSON.stringify({ type }),
    'tsconfig.json': JSON.stringify({ compilerOptions, files: Object.keys(files) }),
    ...files,
  }
  for (const [name, text] of Object.entries(all)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
}

/** Resolves to the lines of the output. Throws if the compiler did not run. */
function run(args: readonly string[], cwd: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error !== null && stdout === '') reject(new Error(`tsc failed: ${error.message}\n${stderr}`))
      else resolve(stdout.split('\n').filter((line) => /error TS\d+/.test(line)))
    })
  })
}
