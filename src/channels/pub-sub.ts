/** Sends texts to all processes of an application. `createChannel` makes a channel of it. */
export interface PubSub {
  /**
   * Sends a text to all subscribers, including the one of this process. Rejects if the text was not
   * sent.
   */
  publish(text: string): Promise<void>
  /**
   * Subscribes, and resolves when the subscription is active. It is called again after
   * `onDisconnect`.
   */
  subscribe(handlers: PubSubHandlers): Promise<void>
  /** Ends the subscription. No handler is called after it. */
  close(): Promise<void>
}

/** The callbacks of a `PubSub`. */
export interface PubSubHandlers {
  /** Called with every text that any process publishes. */
  readonly onMessage: (text: string) => void
  /** Called when texts may have been missed, for example because the connection was lost. */
  readonly onDisconnect: () => void
}
