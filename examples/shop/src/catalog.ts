/** The products, the users, and everything that is computed from a cart. */

export type Sku = 'blanket' | 'bottle' | 'key' | 'lamp' | 'mug' | 'umbrella'

export interface Product {
  readonly sku: Sku
  readonly name: string
  readonly description: string
  readonly cents: number
}

export const products: readonly Product[] = [
  { sku: 'mug', name: 'Enamel mug', description: 'For coffee away from home.', cents: 1400 },
  { sku: 'lamp', name: 'Reading lamp', description: 'Clips to any headboard.', cents: 3900 },
  { sku: 'blanket', name: 'Wool blanket', description: 'For cold rooms.', cents: 8900 },
  { sku: 'umbrella', name: 'Pocket umbrella', description: 'Fits into a coat pocket.', cents: 2900 },
  { sku: 'bottle', name: 'Water bottle', description: 'Half a litre, stainless steel.', cents: 2400 },
  { sku: 'key', name: 'Room key tag', description: 'With space for an address.', cents: 900 },
]

/** The user who may open the inspector. */
export const OPERATOR = 'ada'

/** The names of the users by their ids. */
export const users: Readonly<Record<string, string>> = { ada: 'Ada', grace: 'Grace', linus: 'Linus' }

const productsBySku = new Map<string, Product>(products.map((product) => [product.sku, product]))

export const isSku = (value: unknown): value is Sku => typeof value === 'string' && productsBySku.has(value)

export interface CartLine {
  readonly product: Product
  readonly count: number
}

/** Groups a cart by product. A cart is a list of SKUs, one for each added item. */
export function cartLines(cart: readonly Sku[]): CartLine[] {
  const count = ({ sku }: Product): number => cart.filter((item) => item === sku).length
  return products.map((product) => ({ product, count: count(product) })).filter(({ count }) => count > 0)
}

/** Returns for example "2 × Enamel mug and 1 × Reading lamp". */
export function describeCart(cart: readonly Sku[] = []): string {
  if (cart.length === 0) return 'nothing'
  return new Intl.ListFormat('en').format(cartLines(cart).map(({ product, count }) => `${count} × ${product.name}`))
}

export const cartTotal = (cart: readonly Sku[]): number => cart.reduce((sum, sku) => sum + (productsBySku.get(sku)?.cents ?? 0), 0)

const euros = new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR' })

export const formatPrice = (cents: number): string => euros.format(cents / 100)
