// What the adapter uses of React Router. Applications have the package, so that it is no dependency here.

declare module 'react-router' {
  /** A value with the status of an error, for the ErrorBoundary. */
  export function data(value: unknown, init: { readonly status: number }): object

  export interface Session {
    readonly id: string
    readonly data: Record<string, unknown>
    has(name: string): boolean
    get(name: string): unknown
    set(name: string, value: unknown): void
    flash(name: string, value: unknown): void
    unset(name: string): void
  }

  export interface SessionStorage {
    getSession(cookieHeader?: string | null, options?: object): Promise<Session>
    commitSession(session: Session, options?: object): Promise<string>
    destroySession(session: Session, options?: object): Promise<string>
  }
}
