import { type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Site } from './session-data.ts'

const FOLDER = fileURLToPath(new URL('..', import.meta.url))

/** A Django in a child process, and its URL. */
export interface DjangoProcess {
  readonly url: string
  stop(): Promise<void>
}

/** Runs `manage.py migrate`, `createsuperuser` for a new database, and `runserver`. */
export async function startDjango({ secretKey, database }: Site): Promise<DjangoProcess> {
  const user = { DJANGO_SUPERUSER_USERNAME: 'ada', DJANGO_SUPERUSER_PASSWORD: 'lovelace', DJANGO_SUPERUSER_EMAIL: 'ada@example.com' }
  const env = { ...process.env, ...user, SECRET_KEY: secretKey, DATABASE: database, PYTHONDONTWRITEBYTECODE: '1' }
  const python = findPython()
  const options: SpawnOptions = { cwd: FOLDER, env, stdio: ['ignore', 'ignore', 'inherit'] }
  const manage = (...args: string[]) => {
    if (spawnSync(python, ['manage.py', ...args], options).status !== 0)
      throw new Error(`manage.py ${args[0]} failed. Its error message is printed above.`)
  }
  const isNew = !existsSync(database)
  manage('migrate')
  if (isNew) manage('createsuperuser', '--noinput')
  const port = await freePort()
  const address = `127.0.0.1:${port}`
  const child = spawn(python, ['manage.py', 'runserver', '--noreload', address], options)
  const exited = once(child, 'exit')
  process.once('exit', () => child.kill())
  const url = `http://${address}`
  await waitUntilReady(url)
  return {
    url,
    async stop() {
      child.kill()
      await exited
    },
  }
}

/** Returns the first Python that has Django. */
function findPython(): string {
  const candidates = process.env.PYTHON === undefined ? ['python3', '/usr/bin/python3'] : [process.env.PYTHON]
  const found = candidates.find((python) => spawnSync(python, ['-c', 'import django'], { stdio: 'ignore' }).status === 0)
  if (found !== undefined) return found
  throw new Error(
    'Django is not installed. Run `pip install django` or `apt-get install python3-django`, or set PYTHON to a Python that has it.',
  )
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function waitUntilReady(url: string): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
    const response = await fetch(url).catch(() => undefined)
    if (response !== undefined) return void (await response.text())
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('Django did not start within 20 seconds. Its error message is printed above.')
}
