// What the adapter uses of Nuxt and Vue. Applications have the packages, so that they are no dependencies here.

declare module 'nuxt/app' {
  import type { Ref } from 'vue'

  export interface NuxtApp {
    hook(name: 'app:mounted', run: () => unknown): unknown
  }
  export function useState<Value>(key: string, init: () => Value): Ref<Value>
  export function useRequestEvent(): { readonly context: object } | undefined
  export function useRequestFetch(): <Result>(path: string, options?: { readonly method?: 'DELETE' }) => Promise<Result>
  export function useError(): Ref<unknown>
}

declare module 'vue' {
  export interface Ref<Value> {
    value: Value
  }
  export interface ComputedRef<Value> {
    readonly value: Value
  }
  export function computed<Value>(read: () => Value): ComputedRef<Value>
}

declare module 'nuxt/kit' {
  export interface Nuxt {
    readonly options: {
      readonly serverDir: string
      readonly build: { readonly transpile: (string | RegExp)[] }
    }
  }
  export interface NuxtModule<Options> {
    (options: Options, nuxt: Nuxt): Promise<unknown>
  }
  export function defineNuxtModule<Options>(definition: {
    readonly meta: { readonly name: string; readonly configKey: string; readonly compatibility: { readonly nuxt: string } }
    setup(options: Options, nuxt: Nuxt): void | Promise<void>
  }): NuxtModule<Options>
  interface Template {
    readonly filename: string
    readonly write?: boolean
    getContents(): string
  }
  export function addTemplate(template: Template): { readonly dst: string }
  export function addPluginTemplate(template: Template): unknown
  export function addImports(imports: { readonly name: string; readonly from: string }): void
  export function addServerImports(imports: readonly { readonly name: string; readonly from: string }[]): void
  export function addServerPlugin(path: string): void
  export function addServerHandler(handler: { readonly route: string; readonly handler: string }): void
  export function findPath(path: string): Promise<string | null>
}
