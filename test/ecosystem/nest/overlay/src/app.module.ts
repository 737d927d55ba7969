import { Controller, HttpCode, Module, Param, Post } from '@nestjs/common'
import { Session, SessionModule } from 'sojourn/nest'
import { SqliteStore } from 'sojourn/stores/sqlite'
import { race } from '../race.js'
import { ChatGateway } from './chat.gateway.js'
import { ShopController } from './shop.controller.js'

declare module 'sojourn' {
  interface SessionData {
    userId: string
    cart: string[]
  }
}

@Controller('race')
class RaceController {
  @Post(':step')
  @HttpCode(200)
  race(@Session() session: Session, @Param('step') step: string): Promise<string> {
    return race(step, session)
  }
}

@Module({
  imports: [SessionModule.forRoot({ store: new SqliteStore('sessions.db') })],
  controllers: [ShopController, RaceController],
  providers: [ChatGateway],
})
export class AppModule {}
