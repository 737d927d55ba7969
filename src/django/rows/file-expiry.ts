import { djangoCodec } from '../../codecs/django.ts'
import type { RuleContext } from '../../core/config/rules.ts'
import type { DjangoSigner } from '../../wire/django-signing.ts'
import { lifeAfterSave } from '../sessions/django-rules.ts'
import { birthIn, NEVER_BORN } from '../stores/session-metadata.ts'

/** When a file expires: it has no column for that, only the time it was modified and what its session says. */
export interface FileLife {
  expiresAt(data: string, modifiedAt: number): number
  /** The time of modification by which the file expires at this instant. */
  modifiedAt(data: string, expiresAt: number): number
}

/** By the rules of Django's table: a file that says in how many seconds it expires does so, which Django forgets. */
export function fileLife(signer: DjangoSigner, reading: RuleContext): FileLife {
  const textsIn = (data: string): ReadonlyMap<string, string> => djangoCodec.decode(signer.unsign(data)?.text ?? '') ?? new Map()
  return {
    expiresAt: (data, modifiedAt) => {
      const texts = textsIn(data)
      return reading.rules.expiryOf(texts, birthIn(djangoCodec, texts) ?? NEVER_BORN, modifiedAt, reading)
    },
    modifiedAt: (data, expiresAt) => expiresAt - lifeAfterSave(textsIn(data), reading),
  }
}
