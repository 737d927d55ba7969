import type { IncomingMessage } from 'node:http'
import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  SubscribeMessage,
  WebSocketGateway,
  type WsResponse,
} from '@nestjs/websockets'
import type { Sessions } from 'sojourn'
import { InjectSessions, type Session } from 'sojourn/nest'
import type { WebSocket } from 'ws'

/** A gateway on ws: every message is an item for the cart of the page that opened the socket. */
@WebSocketGateway()
export class CartGateway implements OnGatewayConnection {
  private readonly opened = new WeakMap<WebSocket, Promise<Session>>()

  constructor(@InjectSessions() private readonly sessions: Sessions) {}

  handleConnection(client: WebSocket, request: IncomingMessage): void {
    this.opened.set(client, this.sessions.open(request))
  }

  @SubscribeMessage('add')
  async add(@ConnectedSocket() client: WebSocket, @MessageBody() sku: string): Promise<WsResponse<string[]>> {
    const session = await this.opened.get(client)
    session?.push('cart', sku)
    await session?.save()
    return { event: 'cart', data: session?.get('cart') ?? [] }
  }
}
