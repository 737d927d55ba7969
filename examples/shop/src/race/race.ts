/** The cart at the start of the race, and the delay of its slow request. */
import type { Request } from 'express'
import type { Sku } from '../catalog.ts'

export type Contender = 'express-session' | 'sojourn'

export interface RaceData {
  readonly userId?: string | undefined
  readonly cart?: readonly Sku[] | undefined
  readonly lastSeen?: string | undefined
}

export const FULL_CART: Sku[] = ['mug', 'lamp', 'blanket']

const MAX_DELAY = 15_000

/** The delay in milliseconds that the query of a slow request asks for. */
export const delayOf = (req: Request): number => Math.min(Number(req.query.ms) || 0, MAX_DELAY)
