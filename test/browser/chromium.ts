import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const DEFAULT_PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * Returns the path of Chromium: `$CHROMIUM`, a default path, or the result of apt-get if the
 * process is root. Without Chromium it prints a warning and returns undefined; with `$CI` it
 * throws, because skipped tests would look like passed ones there.
 */
export function findChromium(): string | undefined {
  const path = installed() ?? (install() ? installed() : undefined)
  if (path !== undefined) return path
  const reason = 'Chromium was not found. Set $CHROMIUM to its path, or install it (apt-get install chromium).'
  if (process.env.CI) throw new Error(reason)
  console.warn(`The browser tests are skipped: ${reason}`)
  return undefined
}

export function launch(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ARGS })
}

const installed = (): string | undefined => (process.env.CHROMIUM ? [process.env.CHROMIUM] : DEFAULT_PATHS).find((path) => existsSync(path))

function install(): boolean {
  if (process.getuid?.() !== 0 || process.env.CHROMIUM) return false
  console.warn('Installing Chromium with apt-get for the browser tests, once.')
  const run = (...args: string[]) => spawnSync('apt-get', ['-qq', '-y', ...args], { stdio: 'ignore', timeout: 600_000 }).status === 0
  return run('update') && run('install', '--no-install-recommends', 'chromium')
}
