import type { Request } from 'express'
import type { Sku } from '../catalog.ts'

/** What both contenders start with, and how long their slow request takes. */

export const FULL_CART: Sku[] = ['mug', 'lamp', 'blanket']

const LONGEST = 15_000

export const waitOf = (req: Request): number => Math.min(Number(req.query.ms) || 0, LONGEST)

export type Contender = 'express-session' | 'sojourn'

export interface RaceData {
  readonly userId?: string | undefined
  readonly cart?: readonly Sku[] | undefined
  readonly lastSeen?: string | undefined
}
