// What the adapter uses of TanStack Start. Applications have the package, so that it is no dependency here.

declare module '@tanstack/react-start' {
  /** What `next()` of a request middleware returns. Start infers the type of `context` from it. */
  export interface RequestServerResult<_Register, _Middlewares, Context> {
    readonly context: Context
    response: Response
  }
}
