import { Module } from '@nestjs/common'
import { SessionModule } from 'sojourn/nest'
import { SqliteStore } from 'sojourn/stores/sqlite'
import { ChatGateway } from './chat.gateway.js'
import { ShopController } from './shop.controller.js'

declare module 'sojourn' {
  interface SessionData {
    userId: string
    cart: string[]
  }
}

@Module({
  imports: [SessionModule.forRoot({ store: new SqliteStore(process.env.SESSIONS ?? 'sessions.db') })],
  controllers: [ShopController],
  providers: [ChatGateway],
})
export class AppModule {}
