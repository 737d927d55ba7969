// What the adapter uses of Next. Applications have the package, so that it is no dependency here.

declare module 'next/headers.js' {
  interface Cookies {
    get(name: string): { readonly value: string } | undefined
    set(cookie: object): unknown
  }
  export function headers(): Promise<Headers>
  export function cookies(): Promise<Cookies>
}

declare module 'next/server.js' {
  export class NextRequest extends Request {}
  export class NextResponse extends Response {
    static next(): NextResponse
    readonly cookies: { set(cookie: object): unknown }
  }
  export interface NextFetchEvent {
    waitUntil(promise: Promise<unknown>): void
  }
  export function after(task: () => unknown): void
}

declare module 'next/dist/server/app-render/work-async-storage.external.js' {
  export const workAsyncStorage: { getStore(): { readonly isPrefetchRequest?: boolean } | undefined }
}

declare module 'next/dist/server/app-render/work-unit-async-storage.external.js' {
  export const workUnitAsyncStorage: { getStore(): { readonly type: string } | undefined }
}
