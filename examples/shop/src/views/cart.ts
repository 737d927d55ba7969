import { cartLines, cartTotal, formatPrice, type Sku } from '../catalog.ts'
import { type Html, html } from './html.ts'
import { icon } from './icons.ts'

export const cartCard = (cart: readonly Sku[]): Html => html`<section class="card" id="cart" aria-labelledby="cart-title">
  <h2 id="cart-title">Your cart</h2>
  ${cart.length === 0 ? html`<p class="muted">Empty. You need no account to fill it.</p>` : filledCart(cart)}
</section>`

const filledCart = (cart: readonly Sku[]): Html => html`<ul class="lines">${cartLines(cart).map(
  ({ product, count }) => html`<li>
    ${icon(product.sku)}
    <span class="line-name">${count} × ${product.name}</span>
    <span class="price">${formatPrice(count * product.cents)}</span>
    <form method="post" action="/cart/remove">
      <input type="hidden" name="sku" value="${product.sku}"><input type="hidden" name="section" value="cart">
      <button class="quiet small" aria-label="Remove ${product.name} from the cart">Remove</button>
    </form>
  </li>`,
)}</ul>
<p class="total"><span>Total</span> <strong>${formatPrice(cartTotal(cart))}</strong></p>
<form method="post" action="/checkout"><input type="hidden" name="section" value="cart"><button class="wide">Order (demo)</button></form>`
