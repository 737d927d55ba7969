import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const USUAL = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

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
 * Where Chromium is: `$CHROMIUM`, or where it usually is, or where apt-get puts it when we may ask it to. `undefined`, with the reason
 * printed, when it cannot be had; with `$CI` that is an error, so that nobody takes a skipped test for a passed one.
 */
export function findChromium(): string | undefined {
  const path = installed() ?? (install() ? installed() : undefined)
  if (path !== undefined) return path
  const reason = 'There is no Chromium: set $CHROMIUM to the path of one, or install it (apt-get install chromium).'
  if (process.env.CI) throw new Error(reason)
  console.warn(`Skipped, the browser tests: ${reason}`)
  return undefined
}

export function launch(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ARGS })
}

const installed = (): string | undefined => (process.env.CHROMIUM ? [process.env.CHROMIUM] : USUAL).find((path) => existsSync(path))

function install(): boolean {
  if (process.getuid?.() !== 0 || process.env.CHROMIUM) return false
  console.warn('The browser tests install Chromium by apt-get; this happens once.')
  const run = (...args: string[]) => spawnSync('apt-get', ['-qq', '-y', ...args], { stdio: 'ignore', timeout: 600_000 }).status === 0
  return run('update') && run('install', '--no-install-recommends', 'chromium')
}
