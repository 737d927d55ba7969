// Real nginx servers for tests of what a proxy does to a request.
import { rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { aptInstall, dataFolder, endProcess, folderOf, freePort, launch } from './own-server.ts'

/** A running nginx. */
export interface Nginx extends AsyncDisposable {
  readonly port: number
}

/** The path of nginx, which is installed if possible; `undefined` if it is not available. */
export function findNginx(): string | undefined {
  if (folderOf('nginx') === undefined) aptInstall('nginx-light')
  const folder = folderOf('nginx')
  if (folder === undefined) {
    const reason = 'nginx is not installed. Run: apt-get install nginx-light'
    if (process.env['CI'] !== undefined) throw new Error(`The tests with nginx cannot run: ${reason}`)
    console.warn(`The tests with nginx are skipped: ${reason}`)
    return undefined
  }
  return join(folder, 'nginx')
}

/** Starts nginx in front of a local server. `directives` belong to its location. */
export async function startNginx(program: string, upstream: number, directives: string): Promise<Nginx> {
  const folder = dataFolder('nginx')
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${join(folder, name)};`)
  const config = `
    daemon off;
    master_process off;
    pid ${join(folder, 'pid')};
    error_log ${join(folder, 'error.log')};
    events {}
    http {
      access_log off;
      ${temporary.join(' ')}
      server {
        listen 127.0.0.1:${port};
        location / { ${directives} proxy_pass http://127.0.0.1:${upstream}; }
      }
    }`
  writeFileSync(join(folder, 'nginx.conf'), config)
  const args = ['-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')]
  const child = await launch({ program, args, options: {}, isReady: () => isListening(port), signal: 'SIGTERM' })
  return {
    port,
    async [Symbol.asyncDispose]() {
      await endProcess(child, 'SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
