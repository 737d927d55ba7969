/** A response as the browser received it. */
export interface Page {
  readonly status: number
  readonly headers: Headers
  readonly body: string
  readonly setCookies: readonly string[]
}

/** Sends requests with stored cookies. It does not follow redirects. */
export class Browser {
  readonly origin: string
  readonly cookies: Map<string, string> = new Map()

  constructor(port: number) {
    this.origin = `http://127.0.0.1:${port}`
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Page> {
    return this.request('GET', path, { headers })
  }

  post(path: string, body = ''): Promise<Page> {
    return this.request('POST', path, { body })
  }

  async request(
    method: string,
    path: string,
    init: { readonly body?: string; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<Page> {
    const { headers = {}, body = '' } = init
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(this.origin + path, {
      method,
      redirect: 'manual',
      headers: { ...headers, ...(cookie === '' ? {} : { cookie }) },
      ...(body === '' ? {} : { body }),
    })
    const setCookies = response.headers.getSetCookie()
    for (const each of setCookies) this.#storeCookie(each)
    return { status: response.status, headers: response.headers, body: await response.text(), setCookies }
  }

  #storeCookie(setCookie: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(setCookie) ?? []
    if (/Max-Age=0|Expires=Thu, 01 Jan 1970/i.test(setCookie)) this.cookies.delete(name)
    else this.cookies.set(name, value)
  }
}
