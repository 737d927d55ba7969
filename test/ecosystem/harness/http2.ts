import { once } from 'node:events'
import { connect, type IncomingHttpHeaders } from 'node:http2'
import { buffer } from 'node:stream/consumers'
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'

const DECODERS: Readonly<Record<string, (data: Buffer) => Buffer>> = {
  gzip: gunzipSync,
  br: brotliDecompressSync,
  deflate: inflateSync,
  identity: (data) => data,
}

export interface Http2Page {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Sends one request over HTTP/2 without TLS, and decodes the body as its `Content-Encoding` says. */
export async function fetchHttp2(port: number, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Http2Page> {
  const client = connect(`http://127.0.0.1:${port}`)
  try {
    const stream = client.request({ ':path': path, 'accept-encoding': 'gzip', ...headers })
    const [received] = (await once(stream, 'response')) as [IncomingHttpHeaders & { readonly ':status'?: number }]
    const data = await buffer(stream)
    const decode = DECODERS[received['content-encoding'] ?? 'identity'] ?? ((unknown) => unknown)
    return { status: received[':status'] ?? 0, headers: received, body: decode(data).toString() }
  } finally {
    client.close()
  }
}
