// A NestJS application, on Express or on Fastify.
import { Controller, Delete, type DynamicModule, Get, Module, Param, Post, Redirect } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { WsAdapter } from '@nestjs/platform-ws'
import { Test } from '@nestjs/testing'
import { createSessions, type SessionOptions, type Sessions, StoreError } from 'sojourn'
import { getSessionsToken, InjectSessions, RequireUser, Session, SessionModule } from 'sojourn/nest'
import { MemoryStore } from 'sojourn/stores/memory'
import { CartGateway } from './cart.gateway.js'

declare module 'sojourn' {
  interface SessionData {
    cart: string[]
  }
}

@Controller()
class ShopController {
  constructor(
    @InjectSessions() private readonly sessions: Sessions,
    @InjectSessions('adminSession') private readonly adminSessions: Sessions,
  ) {}

  @Get()
  cart(@Session() session: Session): string[] {
    return session.get('cart', [])
  }

  @Post('cart/:sku')
  @Redirect('/')
  add(@Session() session: Session, @Param('sku') sku: string): void {
    session.push('cart', sku)
  }

  @Post('login/:user')
  @Redirect('/')
  login(@Session() session: Session, @Param('user') user: string): void {
    session.login(user)
  }

  @Get('account')
  @RequireUser()
  async account(@Session() session: Session): Promise<object> {
    return { user: await session.requireUser(), sessions: (await this.sessions.users.list(session.userId ?? '')).length }
  }

  @Get('safe')
  @RequireUser({ level: 2, redirectTo: '/confirm' })
  safe(): string {
    return 'gold'
  }

  @Post('late')
  async late(@Session() session: Session): Promise<void> {
    const other = await this.sessions.load(session.id ?? '')
    other.flush()
    await other.save()
    session.push('cart', 'late')
  }

  @Delete('session')
  logout(@Session() session: Session): void {
    session.logout()
  }

  @Post('admin/:user')
  @Redirect('/')
  admin(@Session('adminSession') session: Session, @Param('user') user: string): void {
    session.login(user)
  }

  @Get('admin')
  @RequireUser({ as: 'adminSession' })
  async showAdmin(@Session('adminSession') session: Session): Promise<object> {
    return { admin: session.userId, sessions: (await this.adminSessions.users.list(session.userId ?? '')).length }
  }

  @Get('unknown')
  unknown(@Session('nothing') session: Session): unknown {
    return session.userId
  }
}

/** A store of which one operation fails, with an error that says what a visitor must not see. */
function failingStore(operation: 'create' | 'load'): MemoryStore {
  const fail = async (): Promise<never> => {
    throw new StoreError(operation, new Error('password authentication failed for user "shop"'), { applied: false })
  }
  return Object.assign(new MemoryStore(), { [operation]: fail })
}

export type Platform = 'express' | 'fastify'

export interface Running {
  readonly port: number
  close(): Promise<void>
}

export interface StartOptions {
  readonly failing?: 'create' | 'load'
  /** Starts a module of `@nestjs/testing`, which has no server when its providers are made. */
  readonly testing?: boolean
  /** Middleware of main.ts. */
  readonly use?: (req: object, res: object, next: () => void) => void
}

/** The modules of the application. */
function modulesOf(options: SessionOptions): DynamicModule[] {
  const admin = createSessions({ store: new MemoryStore(), as: 'adminSession', cookie: { name: 'admin' } })
  return [
    SessionModule.forRoot(options),
    SessionModule.forRootAsync({ as: 'adminSession', inject: [getSessionsToken()], useFactory: async (_sessions: Sessions) => admin }),
  ]
}

/** Starts the application. */
export async function start(platform: Platform, { failing, testing = false, use }: StartOptions = {}): Promise<Running> {
  @Module({
    imports: modulesOf({ store: failing === undefined ? new MemoryStore() : failingStore(failing) }),
    controllers: [ShopController],
    providers: [CartGateway],
  })
  class AppModule {}

  const adapter = platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter()
  const app = testing
    ? (await Test.createTestingModule({ imports: [AppModule] }).compile()).createNestApplication(adapter, { logger: false })
    : await NestFactory.create(AppModule, adapter, { logger: false })
  if (use !== undefined) app.use(use)
  app.useWebSocketAdapter(new WsAdapter(app))
  await app.listen(0, '127.0.0.1')
  return { port: Number(new URL(await app.getUrl()).port), close: () => app.close() }
}

/** Makes an application whose factory returns a manager of another name. */
export async function startMisnamed(): Promise<void> {
  const useFactory = (): SessionOptions => ({ store: new MemoryStore(), as: 'adminSession', cookie: { name: 'admin' } })
  await Test.createTestingModule({ imports: [SessionModule.forRootAsync({ useFactory })] }).compile()
}

/** Starts and closes an application; resolves to whether the store was closed with it. */
export async function closesStore(what: 'options' | 'manager'): Promise<boolean> {
  let isClosed = false
  const store = Object.assign(new MemoryStore(), { close: async () => void (isClosed = true) })
  const imports = [SessionModule.forRoot(what === 'options' ? { store } : createSessions({ store }))]
  const app = await NestFactory.createApplicationContext({ module: class AppModule {}, imports }, { logger: false })
  await app.close()
  return isClosed
}
