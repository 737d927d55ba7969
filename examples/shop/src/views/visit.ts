import type { Sku } from '../catalog.ts'

/** What the pages need to know of a visitor. */
export interface Visit {
  readonly userId: string | undefined
  readonly cart: readonly Sku[]
  readonly darkMode: boolean | undefined
  readonly notice?: unknown
}
