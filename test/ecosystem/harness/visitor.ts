/** A visitor with the cookie of one session, on any port. */
export class Visitor {
  /** The value of `connect.sid`, `s:<sid>.<signature>`. */
  cookie: string | undefined
  /** When the cookie expires, in epoch milliseconds. */
  expires: number | undefined

  /** Sends a request and resolves to its JSON body. */
  async get(port: number, path: string): Promise<unknown> {
    const headers: Record<string, string> = this.cookie === undefined ? {} : { cookie: `connect.sid=${encodeURIComponent(this.cookie)}` }
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
    for (const line of response.headers.getSetCookie()) this.#store(line)
    return response.json()
  }

  get sid(): string {
    return this.cookie?.slice('s:'.length, this.cookie.lastIndexOf('.')) ?? ''
  }

  copy(): Visitor {
    return Object.assign(new Visitor(), { cookie: this.cookie, expires: this.expires })
  }

  #store(line: string): void {
    const [, value = ''] = /^connect\.sid=([^;]*)/.exec(line) ?? []
    const [, expires = ''] = /Expires=([^;]*)/i.exec(line) ?? []
    this.expires = expires === '' ? undefined : Date.parse(expires)
    this.cookie = value === '' || (this.expires ?? Number.POSITIVE_INFINITY) < Date.now() ? undefined : decodeURIComponent(value)
  }
}
