interface Shown {
  readonly notices: readonly string[]
  readonly user: string | undefined
}

export function shopPage({ notices, user, cart }: Shown & { readonly cart: readonly string[] }): string {
  return page(`
    <h1>Shop</h1>
    <p id="notice">${escape(notices.join(' '))}</p>
    <p id="user">${escape(user ?? 'nobody')}</p>
    <p id="cart">${escape(cart.join(', '))}</p>
    <form method="post" action="/add"><button>Add bread</button></form>
    <form method="post" action="/empty"><button>Empty the cart</button></form>
    <form method="post" action="/login">
      <input name="name" aria-label="Name" required />
      <button>Log in</button>
    </form>
    <form method="post" action="/logout"><button>Log out</button></form>
    <a href="/account">Account</a>`)
}

export function accountPage({ notices, user = '' }: Shown): string {
  return page(`
    <h1>Account of ${escape(user)}</h1>
    <p id="notice">${escape(notices.join(' '))}</p>
    <a href="/">Shop</a>`)
}

function page(main: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Shop</title>
  </head>
  <body>
    <main>${main}
    </main>
  </body>
</html>
`
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
