// A NestJS application, on Express or on Fastify.
import {
  type CanActivate,
  Controller,
  Delete,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  Param,
  Post,
  Redirect,
  Session as SessionOfRequest,
  UseGuards,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { createSessions, type Session, type Sessions, type Store, StoreError } from 'sojourn'
import { session as express } from 'sojourn/express'
import { session as fastify } from 'sojourn/fastify'
import { MemoryStore } from 'sojourn/stores/memory'

let sessions: Sessions

@Injectable()
class LoggedIn implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return sessions.of(context.switchToHttp().getRequest()).userId !== undefined
  }
}

@Controller()
class ShopController {
  @Get()
  cart(@SessionOfRequest() session: Session): unknown {
    return session.get('cart', [])
  }

  @Post('cart/:sku')
  @Redirect('/')
  add(@SessionOfRequest() session: Session, @Param('sku') sku: string): void {
    session.push('cart', sku)
  }

  @Post('login/:user')
  @Redirect('/')
  login(@SessionOfRequest() session: Session, @Param('user') user: string): void {
    session.login(user)
  }

  @Get('account')
  @UseGuards(LoggedIn)
  account(@SessionOfRequest() session: Session): unknown {
    return { user: session.userId }
  }

  @Post('late')
  async late(@SessionOfRequest() session: Session): Promise<void> {
    const other = await sessions.load(session.id ?? '')
    other.flush()
    await other.save()
    session.push('cart', 'late')
  }

  @Delete('session')
  logout(@SessionOfRequest() session: Session): void {
    session.logout()
  }
}

@Module({ controllers: [ShopController], providers: [LoggedIn] })
class AppModule {}

/** A store whose error says what a visitor must not see. */
class FailingStore extends MemoryStore {
  override async create(): Promise<never> {
    throw new StoreError('create', new Error('password authentication failed for user "shop"'), { applied: false })
  }
}

export interface Running {
  readonly port: number
  close(): Promise<void>
}

/** Starts the application. */
export async function start(platform: 'express' | 'fastify', failing = false): Promise<Running> {
  const store: Store = failing ? new FailingStore() : new MemoryStore()
  sessions = createSessions({ store })
  const app = platform === 'express' ? await onExpress() : await onFastify()
  await app.listen(0, '127.0.0.1')
  return { port: Number(new URL(await app.getUrl()).port), close: () => app.close() }
}

async function onExpress(): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: false })
  app.use(express(sessions))
  return app
}

async function onFastify(): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), { logger: false })
  await app.register(fastify, sessions)
  return app
}
