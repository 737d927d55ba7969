import type { ServerResponse } from 'node:http'

/** `INTERNAL_ERROR` of HTTP/2. */
const INTERNAL_ERROR = 2

interface Http2Stream {
  close(code: number): void
}

/**
 * Cuts off a response whose head was sent, so that its client does not take it for a complete one.
 * Over HTTP/2 `destroy` without an error would end the stream as if it were complete.
 */
export function cutOff(res: ServerResponse & { readonly stream?: Http2Stream }): void {
  if (res.stream === undefined) res.destroy()
  else res.stream.close(INTERNAL_ERROR)
}
