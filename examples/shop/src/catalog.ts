/** What the shop sells and who may log in. */

export type Sku = 'blanket' | 'bottle' | 'key' | 'lamp' | 'mug' | 'umbrella'

export interface Product {
  readonly sku: Sku
  readonly name: string
  readonly tells: string
  readonly cents: number
}

export const products: readonly Product[] = [
  { sku: 'mug', name: 'Enamel mug', tells: 'For the first coffee somewhere else.', cents: 1400 },
  { sku: 'lamp', name: 'Reading lamp', tells: 'Clips to any headboard.', cents: 3900 },
  { sku: 'blanket', name: 'Wool blanket', tells: 'For rooms that are never quite warm.', cents: 8900 },
  { sku: 'umbrella', name: 'Pocket umbrella', tells: 'Fits where the forecast does not.', cents: 2900 },
  { sku: 'bottle', name: 'Water bottle', tells: 'Half a litre, no handle, no noise.', cents: 2400 },
  { sku: 'key', name: 'Room key tag', tells: 'So that it finds its way back.', cents: 900 },
]

export const users: Readonly<Record<string, string>> = { ada: 'Ada', grace: 'Grace', linus: 'Linus' }

const bySku = new Map<string, Product>(products.map((product) => [product.sku, product]))

export const isSku = (text: unknown): text is Sku => typeof text === 'string' && bySku.has(text)

const product = (sku: Sku): Product => bySku.get(sku) as Product

export interface Line {
  readonly product: Product
  readonly count: number
}

/** A cart is a list of what was put in, one by one; a person wants to see it counted. */
export function lines(cart: readonly Sku[]): Line[] {
  return products.map((product) => ({ product, count: cart.filter((sku) => sku === product.sku).length })).filter(({ count }) => count > 0)
}

/** "2 × Enamel mug and 1 × Reading lamp" */
export function inWords(cart: readonly Sku[] = []): string {
  if (cart.length === 0) return 'nothing'
  return new Intl.ListFormat('en').format(lines(cart).map(({ product, count }) => `${count} × ${product.name}`))
}

export const total = (cart: readonly Sku[]): number => cart.reduce((sum, sku) => sum + product(sku).cents, 0)

const euros = new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR' })

export const price = (cents: number): string => euros.format(cents / 100)
