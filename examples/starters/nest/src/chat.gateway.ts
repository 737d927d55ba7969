import { ConnectedSocket, MessageBody, type OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets'
import type { Socket } from 'socket.io'
import type { Sessions } from 'sojourn'
import { InjectSessions, type Session } from 'sojourn/nest'
import { closeWithSession } from 'sojourn/sockets'

@WebSocketGateway()
export class ChatGateway implements OnGatewayConnection {
  private readonly opened = new WeakMap<Socket, Promise<Session>>()

  constructor(@InjectSessions() private readonly sessions: Sessions) {}

  async handleConnection(client: Socket): Promise<void> {
    const opened = this.sessions.open(client.request)
    this.opened.set(client, opened)
    const session = await opened
    if (session.loadError !== undefined || session.userId === undefined) client.disconnect(true)
    else closeWithSession(this.sessions, session, client)
  }

  @SubscribeMessage('say')
  async say(@ConnectedSocket() client: Socket, @MessageBody() text: string): Promise<string> {
    const session = await this.opened.get(client)
    return `${await session?.requireUser()}: ${text}`
  }
}
