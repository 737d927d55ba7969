// What the adapter uses of NestJS. Applications have the packages, so that they are no dependencies here.

declare module '@nestjs/common' {
  export interface DynamicModule {
    readonly module: object
    readonly global?: boolean
    readonly imports?: readonly object[]
    readonly providers?: readonly object[]
    readonly exports?: readonly string[]
  }

  export interface ModuleMetadata {
    readonly imports?: readonly object[]
  }

  export interface FactoryProvider<T> {
    // oxlint-disable-next-line typescript/no-explicit-any -- as Nest declares it
    readonly useFactory: (...args: any[]) => T | Promise<T>
    readonly inject?: readonly unknown[]
  }

  export interface ArgumentsHost {
    getType(): string
    getArgByIndex(index: number): unknown
    switchToHttp(): { getRequest<T>(): T; getResponse<T>(): T }
  }

  export type ExecutionContext = ArgumentsHost

  export interface CanActivate {
    canActivate(context: ExecutionContext): Promise<boolean>
  }

  export class HttpException extends Error {
    constructor(response: string | object, status: number, options?: { readonly cause?: unknown })
  }

  export class Logger {
    constructor(context: string)
    error(message: unknown): void
  }

  export function Catch(...classes: readonly object[]): ClassDecorator
  export function Inject(token: unknown): PropertyDecorator & ParameterDecorator
  export function Module(metadata: object): ClassDecorator
  export function UseGuards(...guards: readonly CanActivate[]): MethodDecorator & ClassDecorator
  export function createParamDecorator<Data, Output>(
    factory: (data: Data, context: ExecutionContext) => Output,
  ): (...data: readonly Data[]) => ParameterDecorator
}

declare module '@nestjs/core' {
  import type { ArgumentsHost } from '@nestjs/common'

  export const APP_FILTER: string

  export class BaseExceptionFilter<T> {
    catch(exception: T | Error, host: ArgumentsHost): void
  }

  export class HttpAdapterHost {
    /** `null` in an application without a server, `undefined` in a test module. */
    readonly httpAdapter:
      | {
          getType(): string
          use(handler: object): unknown
          getInstance(): { register(plugin: object, options: object): PromiseLike<unknown> }
        }
      | null
      | undefined
  }
}
