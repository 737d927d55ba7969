// Why: if a registry mirror does not serve the binaries of other platforms, `npm install` leaves
// them out of the lock file, and `npm ci` then refuses the lock ("Missing: … from lock file"). This
// adds every optional package that the lock lacks, with the platform read from its name, so that
// `npm ci` skips it here and fetches it on its platform. Run by `npm run lock` after `npm install`.
import { readFileSync, writeFileSync } from 'node:fs'

type Locked = {
  version?: string
  dev?: boolean
  optional?: boolean
  os?: string[]
  cpu?: string[]
  optionalDependencies?: Record<string, string>
}

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const cpus = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64']
const exact = /^\d+\.\d+\.\d+[-+.\w]*$/

const path = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, Locked> }

const added = Object.entries(lock.packages).flatMap(([parent, { dev, optionalDependencies = {} }]) =>
  Object.entries(optionalDependencies)
    .filter(([name]) => !isLocked(parent, name))
    .map(([name, version]) => [`node_modules/${name}`, entry(name, version, dev)] as const),
)
const packages = Object.entries({ ...lock.packages, ...Object.fromEntries(added) }).sort(([a], [b]) => (a < b ? -1 : 1))
writeFileSync(path, `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, 2)}\n`)
console.log(`complete-lock: ${added.length} optional packages of other platforms added`)

function isLocked(parent: string, name: string): boolean {
  return `${parent}/node_modules/${name}` in lock.packages || `node_modules/${name}` in lock.packages
}

function entry(name: string, version: string, dev = false): Locked {
  const words = name.split(/[/-]/)
  const os = systems.filter((system) => words.includes(system))
  const cpu = cpus.filter((one) => words.includes(one))
  if (!exact.test(version) || os.length + cpu.length === 0)
    throw new Error(`complete-lock: the version or platform of ${name}@${version} is unknown; add it to the lock file by hand`)
  return { version, ...(cpu.length > 0 && { cpu }), ...(dev && { dev }), optional: true, ...(os.length > 0 && { os }) }
}
