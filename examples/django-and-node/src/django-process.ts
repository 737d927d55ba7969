import { type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Site } from './session-data.ts'

const FOLDER = fileURLToPath(new URL('..', import.meta.url))

/** A Django that runs beside this process, and where it answers. */
export interface DjangoProcess {
  readonly url: string
  stop(): Promise<void>
}

/** Runs `manage.py runserver`; before that `migrate`, and for a new database `createsuperuser`. */
export async function startDjango({ secretKey, database }: Site): Promise<DjangoProcess> {
  const user = { DJANGO_SUPERUSER_USERNAME: 'ada', DJANGO_SUPERUSER_PASSWORD: 'lovelace', DJANGO_SUPERUSER_EMAIL: 'ada@example.com' }
  const env = { ...process.env, ...user, SECRET_KEY: secretKey, DATABASE: database, PYTHONDONTWRITEBYTECODE: '1' }
  const python = findPython()
  const options: SpawnOptions = { cwd: FOLDER, env, stdio: ['ignore', 'ignore', 'inherit'] }
  const manage = (...args: string[]) => {
    if (spawnSync(python, ['manage.py', ...args], options).status !== 0)
      throw new Error(`manage.py ${args[0]} failed; its message stands above.`)
  }
  const isNew = !existsSync(database)
  manage('migrate')
  if (isNew) manage('createsuperuser', '--noinput')
  const port = await freePort()
  const at = `127.0.0.1:${port}`
  const child = spawn(python, ['manage.py', 'runserver', '--noreload', at], options)
  const ended = once(child, 'exit')
  process.once('exit', () => child.kill())
  const url = `http://${at}`
  await ready(url)
  return {
    url,
    async stop() {
      child.kill()
      await ended
    },
  }
}

/** The first Python that has Django. */
function findPython(): string {
  const candidates = process.env.PYTHON === undefined ? ['python3', '/usr/bin/python3'] : [process.env.PYTHON]
  const found = candidates.find((python) => spawnSync(python, ['-c', 'import django'], { stdio: 'ignore' }).status === 0)
  if (found !== undefined) return found
  throw new Error('There is no Django: `pip install django` or `apt-get install python3-django`, and PYTHON=… where it is not in the path.')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function ready(url: string): Promise<void> {
  for (const until = Date.now() + 20_000; Date.now() < until; ) {
    const answer = await fetch(url).catch(() => undefined)
    if (answer !== undefined) return void (await answer.text())
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('Django did not start; its own message stands above.')
}
