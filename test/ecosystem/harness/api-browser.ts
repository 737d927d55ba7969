interface Failure {
  readonly status: number
  readonly body: string
}

/** A `fetch` with the cookies of one visitor. It does not follow redirects. */
export class ApiBrowser {
  readonly cookies: Map<string, string> = new Map()
  /** The last response with an error status. */
  lastFailure: Failure | undefined

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    if (this.cookies.size > 0) request.headers.set('cookie', [...this.cookies].map((pair) => pair.join('=')).join('; '))
    const response = await fetch(request, { redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) this.#store(line)
    if (response.status >= 400) this.lastFailure = { status: response.status, body: await response.clone().text() }
    return response
  }

  #store(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (/Max-Age=0|Expires=Thu, 01 Jan 1970/i.test(line)) this.cookies.delete(name)
    else this.cookies.set(name, value)
  }
}
