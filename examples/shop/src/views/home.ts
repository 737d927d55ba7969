import { formatPrice, type Product, products, type Sku } from '../catalog.ts'
import { cartCard } from './cart.ts'
import { type Html, html } from './html.ts'
import { icon } from './icons.ts'
import { accountForm, layout } from './layout.ts'
import { type PanelData, panel, summary } from './panel.ts'
import { preferences } from './preferences.ts'
import { removals } from './removals.ts'

/** The session data that the page shows. */
export interface ShopState {
  readonly userId: string | undefined
  readonly cart: readonly Sku[]
  readonly darkMode: boolean | undefined
  readonly notices?: readonly string[]
}

export const homePage = (state: ShopState, data: PanelData): Html =>
  layout({
    title: 'Short Stay Supply',
    page: 'shop',
    darkMode: state.darkMode,
    account: accountForm(state.userId),
    body: body(state, data),
  })

const body = (state: ShopState, data: PanelData): Html => html`<div class="columns">
  <div class="stack">
    <div class="hero">
      <h1>Good things for a short stay</h1>
      <p>Use the shop. The panel shows your session on the server and what each click changed in it.</p>
      <a class="button" href="/race">See the race: two requests at once</a>
    </div>
    <div role="status" class="status">${state.notices?.map((notice) => html`<p class="notice">${notice}</p>`)}${summary(data)}</div>
    <section aria-labelledby="products-title" id="products">
      <h2 id="products-title">Products</h2>
      <ul class="products">${products.map(productCard)}</ul>
    </section>
    <div class="pair">${cartCard(state.cart)}${preferences(state.darkMode)}</div>
    ${removals}
  </div>
  ${panel(data)}
</div>`

const productCard = ({ sku, name, description, cents }: Product): Html => html`<li class="product">
  <div class="picture">${icon(sku)}</div>
  <h3>${name}</h3>
  <p>${description}</p>
  <form method="post" action="/cart/add">
    <input type="hidden" name="sku" value="${sku}"><input type="hidden" name="section" value="products">
    <span class="price">${formatPrice(cents)}</span>
    <button aria-label="Add to cart: ${name}">Add to cart</button>
  </form>
</li>`
