import { price, products } from '../catalog.ts'
import { cartCard } from './cart.ts'
import { type Html, html } from './html.ts'
import { icon } from './icons.ts'
import { account, layout } from './layout.ts'
import { type Panel, panel, summary } from './panel.ts'
import { preferences } from './preferences.ts'
import { removals } from './removals.ts'
import type { Visit } from './visit.ts'

export const homePage = (visit: Visit, shown: Panel): Html =>
  layout({ title: 'Short Stay Supply', here: 'shop', darkMode: visit.darkMode, account: account(visit.userId), body: body(visit, shown) })

const body = (visit: Visit, shown: Panel): Html => html`<div class="columns">
  <div class="stack">
    <div class="hero">
      <h1>Good things for a short stay</h1>
      <p>Shop as you like. The panel shows what the server holds for you, and what each click did to it.</p>
      <a class="button" href="/race">See the Race: two requests at once</a>
    </div>
    <div role="status" class="news">${visit.notice !== undefined && html`<p class="notice">${visit.notice}</p>`}${summary(shown)}</div>
    <section aria-labelledby="products-title" id="products">
      <h2 id="products-title">Products</h2>
      <ul class="products">${products.map(productCard)}</ul>
    </section>
    <div class="pair">${cartCard(visit.cart)}${preferences(visit.darkMode)}</div>
    ${removals}
  </div>
  ${panel(shown)}
</div>`

const productCard = ({ sku, name, tells, cents }: (typeof products)[number]): Html => html`<li class="product">
  <div class="art">${icon(sku)}</div>
  <h3>${name}</h3>
  <p>${tells}</p>
  <form method="post" action="/cart/add">
    <input type="hidden" name="sku" value="${sku}"><input type="hidden" name="at" value="products">
    <span class="price">${price(cents)}</span>
    <button aria-label="Add to cart: ${name}">Add to cart</button>
  </form>
</li>`
