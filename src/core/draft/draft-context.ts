import type { Intent } from '../changes/intent.ts'
import type { Engine } from '../config/engine.ts'

/** The parts of the engine that a draft uses. */
export type DraftContext = Pick<
  Engine,
  'profile' | 'lifetime' | 'parse' | 'print' | 'values' | 'ids' | 'emit' | 'warnOnce' | 'now' | 'randomText' | 'transport' | 'capabilities'
>

/** A message that was read: its property, and the intent that removes it. */
export interface FlashRead {
  readonly name: string
  readonly text: string
  readonly intent: Intent
}
