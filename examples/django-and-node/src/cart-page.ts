import { html } from 'hono/html'
import type { DjangoMessage } from 'sojourn/django'
import type { User } from './cart.ts'

interface CartPage {
  readonly user: User | undefined
  readonly cart: readonly string[]
  readonly theme: string | undefined
  readonly messages: readonly DjangoMessage[]
}

export const cartPage = ({ user, cart, theme = 'light', messages }: CartPage) => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Django and Node</title>
<style>
body { font: 16px/1.5 system-ui; max-width: 36em; margin: 2em auto; padding: 0 1em; border-top: 6px solid #417e38 }
body.dark { background: #222; color: #eee } body.dark a { color: #9cf }
form { display: inline }
</style>
</head>
<body class="${theme}">
<nav><a href="/">Home</a> (Django) · <a href="/cart">Cart</a> (Node)</nav>
${messages.map(({ message }) => html`<p role="status">${message}</p>`)}
<h1>Node</h1>
<p id="user">${user?.username}</p>
<form method="post" action="/cart/logout"><button>Log out in Node</button></form>
<p>The cart, read by Node: <span id="cart">${cart.join(', ') || 'nothing'}</span></p>
<form method="post" action="/cart/add"><input name="tea" value="Assam" aria-label="Tea"> <button>Add in Node</button> <button name="then" value="home">Add, and go home</button></form>
<form method="post" action="/cart/empty"><button>Empty the cart in Node</button></form>
</body>
</html>`
