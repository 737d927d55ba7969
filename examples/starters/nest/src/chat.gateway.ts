import { ConnectedSocket, MessageBody, type OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets'
import type { Socket } from 'socket.io'
import type { Sessions } from 'sojourn'
import { InjectSessions, type Session } from 'sojourn/nest'

@WebSocketGateway()
export class ChatGateway implements OnGatewayConnection {
  private readonly opened = new WeakMap<Socket, Promise<Session>>()

  constructor(@InjectSessions() private readonly sessions: Sessions) {}

  handleConnection(client: Socket): void {
    this.opened.set(client, this.sessions.open(client.request))
  }

  @SubscribeMessage('say')
  async say(@ConnectedSocket() client: Socket, @MessageBody() text: string): Promise<string> {
    const session = await this.opened.get(client)
    return `${session?.userId ?? 'nobody'}: ${text}`
  }
}
