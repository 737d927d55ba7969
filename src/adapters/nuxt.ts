// See core/values/session-data.ts.
// oxlint-disable-next-line typescript/triple-slash-reference -- an import would not be in the declarations
/// <reference path="../index.ts" preserve="true" />
import {
  addImports,
  addPluginTemplate,
  addServerHandler,
  addServerImports,
  addServerPlugin,
  addTemplate,
  defineNuxtModule,
  findPath,
  type NuxtModule,
} from 'nuxt/kit'
import { ConfigError } from '../core/base/errors.ts'

/** Options of the module, under `sojourn` in nuxt.config.ts. */
export interface NuxtSessionsOptions {
  /**
   * The module that exports the manager as `sessions`. Default: server/utils/sessions.ts, from
   * which Nuxt makes `sessions` available on the server.
   */
  readonly sessions?: string
}

/** The functions that are available in server routes, middleware and plugins without an import. */
const SERVER_IMPORTS = ['getUserSession', 'requireUserSession', 'clearUserSession']

/**
 * Sessions for Nuxt 4, as a module: `getUserSession(event)` on the server, and `useUserSession()`
 * in components.
 *
 * ```ts
 * defineNuxtConfig({ modules: ['sojourn/nuxt'] })
 * ```
 */
const module: NuxtModule<NuxtSessionsOptions> = defineNuxtModule<NuxtSessionsOptions>({
  meta: { name: 'sojourn', configKey: 'sojourn', compatibility: { nuxt: '^4.0.0' } },
  async setup({ sessions }, { options }) {
    const path = await findPath(sessions ?? `${options.serverDir}/utils/sessions`)
    if (path === null) throw missingManager(sessions)
    options.build.transpile.push('sojourn/nuxt/app')

    const { dst: server } = addTemplate({ filename: 'sojourn/server.ts', write: true, getContents: () => serverModule(path) })
    const { dst: plugin } = addTemplate({ filename: 'sojourn/plugin.ts', write: true, getContents: () => pluginModule })
    const { dst: handler } = addTemplate({ filename: 'sojourn/handler.ts', write: true, getContents: () => handlerModule })
    addServerImports(SERVER_IMPORTS.map((name) => ({ name, from: server })))
    addServerPlugin(plugin)
    addServerHandler({ route: '/api/_session', handler })

    addImports({ name: 'useUserSession', from: 'sojourn/nuxt/app' })
    addPluginTemplate({ filename: 'sojourn/app-plugin.mjs', getContents: () => appPlugin })
  },
})

// oxlint-disable-next-line import/no-default-export -- Nuxt takes the default export as the module
export default module

/**
 * Typed by the manager of the application, and bundled with it and with the `createError` of Nitro.
 */
function serverModule(manager: string): string {
  return `import { createError } from 'h3'
import { nuxtSessions } from 'sojourn/nuxt/server'
import { sessions } from ${JSON.stringify(manager.replace(/\.\w+$/, ''))}

export const { ${SERVER_IMPORTS.join(', ')}, plugin, handle } = nuxtSessions(sessions, createError)
`
}

const pluginModule = "export { plugin as default } from './server'\n"

const handlerModule = `import { defineEventHandler } from 'h3'
import { handle } from './server'

export default defineEventHandler(handle)
`

const appPlugin = `import { defineNuxtPlugin } from '#imports'
import { readUserSession } from 'sojourn/nuxt/app'

export default defineNuxtPlugin({ name: 'sojourn', enforce: 'pre', setup: readUserSession })
`

function missingManager(sessions: string | undefined): ConfigError {
  return new ConfigError(
    sessions === undefined
      ? "sojourn/nuxt: server/utils/sessions.ts is missing. Create it with `export const sessions = createSessions({ … })`, or name another file: `sojourn: { sessions: '~~/server/auth.ts' }` in nuxt.config.ts."
      : `sojourn/nuxt: the file \`${sessions}\` is missing, which the option \`sessions\` names. It has to export the manager: \`export const sessions = createSessions({ … })\`.`,
  )
}
