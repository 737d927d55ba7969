// Why: the applications of this folder use the package as users do: the packed tarball, next to
// packages of the registry, each with its own lock file. Runs before their tests.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import manifest from '../../package.json' with { type: 'json' }

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const NPM_CI = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']

export default async function install(): Promise<void> {
  if (!existsSync(join(root, 'dist/index.js'))) throw new Error('test/ecosystem: the folder dist is missing. Run npm run build first.')
  const wanted = process.env['APPLICATIONS']?.split(',')
  const applications = globSync('*/package-lock.json', { cwd: import.meta.dirname })
    .map((lock) => dirname(lock))
    .filter((name) => wanted?.includes(name) ?? true)
    .map((name) => join(import.meta.dirname, name))
  const temporary = await mkdtemp(join(tmpdir(), 'sojourn-ecosystem-'))
  try {
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', temporary], { cwd: root })
    await Promise.all(applications.map(installPackages))
    await Promise.all(applications.map((folder) => unpack(join(temporary, `sojourn-${manifest.version}.tgz`), folder)))
  } finally {
    await rm(temporary, { recursive: true })
  }
}

/** Installs the packages of a lock file, unless that was done before with this lock file and this Node. */
async function installPackages(folder: string): Promise<void> {
  const lock = await readFile(join(folder, 'package-lock.json'))
  const hash = createHash('sha256').update(lock).update(process.version).digest('hex')
  const mark = join(folder, 'node_modules/.installed')
  if ((await readFile(mark, 'utf8').catch(() => '')) === hash) return
  await run('npm', NPM_CI, { cwd: folder, maxBuffer: 1 << 26 })
  await writeFile(mark, hash)
}

/** Unpacks the tarball where npm would, with links to its runtime dependencies. */
async function unpack(tarball: string, folder: string): Promise<void> {
  const target = join(folder, 'node_modules/sojourn')
  await rm(target, { recursive: true, force: true })
  await mkdir(join(target, 'node_modules'), { recursive: true })
  await run('tar', ['-xzf', tarball, '--strip-components', '1', '-C', target])
  for (const name of Object.keys(manifest.dependencies)) {
    const link = join(target, 'node_modules', name)
    await mkdir(dirname(link), { recursive: true }) // the folder of a scope
    await symlink(join(root, 'node_modules', name), link)
  }
}
